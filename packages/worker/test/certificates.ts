import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Paths of a certificate and its key, PEM. */
export interface Pair {
  readonly cert: string
  readonly key: string
}

/** An authority of its own, and certificates it has signed: for the server 127.0.0.1, and for a client. */
export interface Certificates {
  readonly ca: Pair
  readonly server: Pair
  readonly client: Pair
}

/** Makes them in a directory with openssl. */
export function makeCertificates(dir: string): Certificates {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' })
  const key = (name: string) => [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    `${name}.key`,
  ]
  const pair = (name: string): Pair => ({ cert: join(dir, `${name}.pem`), key: join(dir, `${name}.key`) })
  openssl('req', '-x509', ...key('ca'), '-out', 'ca.pem', '-days', '2', '-subj', '/CN=test authority')
  for (const [name, extension] of [
    ['server', 'subjectAltName=IP:127.0.0.1'],
    ['client', 'extendedKeyUsage=clientAuth'],
  ] as const) {
    writeFileSync(join(dir, `${name}.ext`), extension)
    openssl('req', '-new', ...key(name), '-out', `${name}.csr`, '-subj', `/CN=${name}`)
    const signer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2']
    openssl('x509', '-req', '-in', `${name}.csr`, ...signer, '-out', `${name}.pem`, '-extfile', `${name}.ext`)
  }
  return { ca: pair('ca'), server: pair('server'), client: pair('client') }
}

/** What node:tls wants of a pair. */
export const read = ({ cert, key }: Pair) => ({ cert: readFileSync(cert), key: readFileSync(key) })

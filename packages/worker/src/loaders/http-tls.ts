import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, rootCertificates } from 'node:tls'
import type { HttpSourceConfig } from '@imgsvc/core/config/sections/sources'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { TlsOptions } from './http-connector.ts'

type TlsConfig = Pick<HttpSourceConfig, 'caCerts' | 'clientCert' | 'clientKey' | 'validateCerts'>

/**
 * The certificates of an http source, read once: they are tried at the start, not at the first picture.
 * Throws CONFIG_INVALID for a file that cannot be read or holds no certificate or key, and for half a pair.
 */
export function readTlsFiles({ caCerts, clientCert, clientKey, validateCerts }: TlsConfig): TlsOptions {
  if ((clientCert === undefined) !== (clientKey === undefined)) {
    throw new ImgsvcError('CONFIG_INVALID', 'sources: clientCert and clientKey: expected both or none')
  }
  const ca = caCerts === undefined ? undefined : read('caCerts', caCerts, checkCertificates)
  const cert = clientCert === undefined ? undefined : read('clientCert', clientCert, checkCertificates)
  const key = clientKey === undefined ? undefined : read('clientKey', clientKey, createPrivateKey)
  if (cert !== undefined && key !== undefined) attempt('clientKey', () => createSecureContext({ cert, key }))
  return {
    rejectUnauthorized: validateCerts,
    ...(ca !== undefined && { ca: [...rootCertificates, ca] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  }
}

function read(setting: string, path: string, check: (pem: string) => unknown): string {
  return attempt(setting, () => {
    const pem = readFileSync(path, 'utf8')
    check(pem)
    return pem
  })
}

/** node:tls passes over what it cannot read, and then trusts nobody new. */
function checkCertificates(pem: string): void {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs)
  if (!blocks) throw new Error('there is no certificate in it')
  for (const block of blocks) new X509Certificate(block)
}

function attempt<T>(setting: string, run: () => T): T {
  try {
    return run()
  } catch (cause) {
    const { message } = cause as Error
    throw new ImgsvcError('CONFIG_INVALID', `sources: ${setting}: expected a file in PEM: ${message}`, { cause })
  }
}

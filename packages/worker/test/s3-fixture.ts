import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3'

const PROGRAM = fileURLToPath(new URL('./fixtures/s3-server.mjs', import.meta.url))
const CREDENTIALS = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }

/** A real S3 server in a process of its own; it checks signatures. */
export interface S3Server {
  readonly endpoint: string
  /** What a store needs to reach it, but the bucket. */
  readonly connection: {
    readonly endpoint: string
    readonly pathStyle: true
    readonly accessKeyId: string
    readonly secretAccessKey: string
  }
  /** Headers of the PUT requests for a path such as `/photos/a.jpg`, in order. */
  puts(path: string): readonly IncomingHttpHeaders[]
  /** Paths that were written to, in order. */
  readonly written: readonly string[]
  /** Headers of `bucket/key` as the server tells them. */
  head(path: string): Promise<{ readonly headers: Readonly<Record<string, string>> }>
  stop(): Promise<void>
}

export async function startS3Server(...buckets: string[]): Promise<S3Server> {
  const directory = await mkdtemp(join(tmpdir(), 's3-'))
  const child: ChildProcess = spawn(process.execPath, [PROGRAM, directory, ...buckets], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  const [port] = (await once(lines, 'line')) as [string]
  const puts: { readonly path: string; readonly headers: IncomingHttpHeaders }[] = []
  lines.on('line', (line) => puts.push(JSON.parse(line)))
  const endpoint = `http://127.0.0.1:${Number(port)}`
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: CREDENTIALS })
  return {
    endpoint,
    connection: { endpoint, pathStyle: true, ...CREDENTIALS },
    puts: (path) => puts.filter((put) => put.path === path).map(({ headers }) => headers),
    get written() {
      return puts.map(({ path }) => path)
    },
    async head(path) {
      const [Bucket, ...rest] = path.split('/')
      const { Metadata, ContentType } = await client.send(new HeadObjectCommand({ Bucket, Key: rest.join('/') }))
      const metadata = Object.entries(Metadata ?? {}).map(([name, value]) => [`x-amz-meta-${name}`, value])
      return { headers: { 'content-type': ContentType ?? '', ...Object.fromEntries(metadata) } }
    },
    async stop() {
      client.destroy()
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
      await rm(directory, { recursive: true, force: true })
    },
  }
}

// The thinnest HTTP/1.1 client that checks what it gets: it shares the cores with what it measures.
import { once } from 'node:events'
import { connect as dial } from 'node:net'

/** One kept connection; one request at a time. Answers must carry Content-Length. */
export async function connect(base) {
  const { hostname, port, host } = new URL(base)
  const socket = dial({ host: hostname, port: Number(port), noDelay: true })
  await once(socket, 'connect')
  let answer
  let head = ''
  let left = -1
  socket.on('data', (chunk) => {
    let body = chunk
    if (left < 0) {
      head += chunk.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      body = chunk.subarray(chunk.length - (head.length - end - 4))
      answer.headers = parseHeaders(head.slice(0, end))
      left = Number(answer.headers['content-length'])
    }
    answer.bytes += body.length
    left -= body.length
    if (left > 0) return
    left = -1
    head = ''
    answer.resolve(answer)
  })
  socket.on('error', (error) => answer?.reject(error))
  socket.on('close', () => answer?.reject(new Error('the connection was closed')))
  return {
    get(path) {
      return new Promise((resolve, reject) => {
        answer = {
          resolve,
          reject,
          bytes: 0,
          headers: {},
          get status() {
            return Number(this.headers[':status'])
          },
        }
        socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
      })
    },
    close() {
      answer = undefined
      socket.destroy()
    },
  }
}

function parseHeaders(head) {
  const [first, ...lines] = head.split('\r\n')
  const pairs = lines.map((line) => [
    line.slice(0, line.indexOf(':')).toLowerCase(),
    line.slice(line.indexOf(':') + 1).trim(),
  ])
  return { ...Object.fromEntries(pairs), ':status': first.slice(9, 12) }
}

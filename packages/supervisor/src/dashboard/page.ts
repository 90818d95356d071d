import { createHash } from 'node:crypto'

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8884; padding: .35rem .6rem; text-align: right; white-space: nowrap; }
th:first-child, td:first-child, th:nth-child(2), td:nth-child(2) { text-align: left; }
td.reason { color: #b50; text-align: left; white-space: normal; }
.RUNNING { color: #0a7a2f; } .FATAL, .BACKOFF { color: #c22; font-weight: 600; }
.STARTING, .STOPPING { color: #a70; } .STOPPED, .EXITED { opacity: .6; }
#note { min-height: 1.5em; }
`

const SCRIPT = `
'use strict'
const rows = document.querySelector('tbody')
const note = document.querySelector('#note')
const form = document.querySelector('form')
const megabytes = (bytes) => (bytes / 1048576).toFixed(0) + ' MB'
const shown = (value, format) => (value === null ? '' : format ? format(value) : String(value))
const uptime = (since) => {
  const s = Math.max(0, Math.floor((Date.now() - since) / 1000))
  const two = (n) => String(n).padStart(2, '0')
  return Math.floor(s / 3600) + ':' + two(Math.floor(s / 60) % 60) + ':' + two(s % 60)
}
function row(process) {
  const line = document.createElement('tr')
  const cell = (text, name) => {
    const td = document.createElement('td')
    td.textContent = text
    if (name) td.className = name
    line.append(td)
  }
  cell(process.id)
  cell(process.state + (process.draining ? ' (draining)' : ''), process.state)
  cell(shown(process.pid))
  cell(shown(process.port))
  cell(shown(process.since, uptime))
  cell(shown(process.restarts))
  cell(shown(process.rss, megabytes))
  cell(shown(process.cpu, (percent) => percent.toFixed(0) + ' %'))
  cell(shown(process.inFlight))
  cell(shown(process.loopLagMs, (ms) => ms.toFixed(1) + ' ms'))
  cell(process.reason || '', 'reason')
  return line
}
async function refresh() {
  try {
    const token = sessionStorage.getItem('token')
    const headers = token ? { authorization: 'Bearer ' + token } : {}
    const answer = await fetch('v1/processes', { headers, cache: 'no-store' })
    form.hidden = answer.status !== 403
    const body = await answer.json()
    if (!answer.ok) throw new Error(body.error.message)
    rows.replaceChildren(...body.map(row))
    note.textContent = 'As of ' + new Date().toLocaleTimeString() + '.'
  } catch (error) {
    note.textContent = 'No figures: ' + error.message
  }
  setTimeout(refresh, 2000)
}
form.addEventListener('submit', (event) => {
  event.preventDefault()
  sessionStorage.setItem('token', form.elements.token.value)
})
refresh()
`

/** The status page of the admin port: one file, nothing loaded from elsewhere, nothing changed by it. */
export const STATUS_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>imgsvc</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<h1>imgsvc</h1>
<form hidden><label>Token <input name="token" type="password" autocomplete="off"></label> <button>Use</button></form>
<table>
<thead><tr><th>Process</th><th>State</th><th>Pid</th><th>Port</th><th>Uptime</th><th>Restarts</th><th>Memory</th>
<th>CPU</th><th>In flight</th><th>Loop lag</th><th></th></tr></thead>
<tbody></tbody>
</table>
<p id="note"><noscript>This page needs JavaScript; <a href="v1/processes">the same as JSON</a>.</noscript></p>
<p><a href="metrics">Metrics</a> · <a href="v1/processes">Processes as JSON</a></p>
<script>${SCRIPT}</script>
</body>
</html>
`

const sha256 = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** Only this page's own style and script may run, and only this port may be asked. */
export const STATUS_PAGE_POLICY = [
  "default-src 'none'",
  `style-src ${sha256(STYLE)}`,
  `script-src ${sha256(SCRIPT)}`,
  "connect-src 'self'",
  'img-src data:',
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

// Preloaded into a worker by a test (NODE_OPTIONS=--import): on SIGUSR2 its event loop is blocked for a minute.
function decodeForAMinute() {
  const end = Date.now() + 60_000
  while (Date.now() < end);
}
process.on('SIGUSR2', decodeForAMinute)

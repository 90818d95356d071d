// Preloaded into a worker by a test (NODE_OPTIONS=--import): on SIGUSR2 it begins to leak 40 MB/s.
const leaked = []
process.on('SIGUSR2', () => {
  const timer = setInterval(() => leaked.push(Buffer.alloc(4 * 1024 ** 2, 1)), 100)
  timer.unref()
})

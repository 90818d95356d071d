import { spawn } from 'node:child_process'
import { writeSync } from 'node:fs'
import { readRunFile } from '@imgsvc/core/run-file'
import { statePaths } from '@imgsvc/core/state-dir'
import { type Order, readOrder } from './orders.ts'

const LOOK_MS = 50
const STEP_MS = 20

/**
 * Carries out the orders for this process: those of its boot now, others as they come. `idOf`: a spare worker gets its id
 * later. Throws for `exit-at-boot`.
 */
export function startFaults(dir: string, idOf: () => string, stateDir: string | undefined): void {
  const clock = shiftableClock()
  let done = ''
  const look = () => {
    const order = readOrder(dir, idOf())
    const text = JSON.stringify(order ?? null)
    if (text === done) return
    done = text
    if (order) carryOut(order)
  }

  function carryOut(order: Order): void {
    if (order.fault === 'clock') clock.offsetMs = order.offsetMs
    else if (order.fault === 'exit-when-ready' && stateDir !== undefined) exitWhenReady(stateDir, idOf(), order.afterMs)
    else if (order.fault === 'leak') leak(order.bytesPerSecond, order.maxBytes)
    else if (order.fault === 'flood') flood(order.bytesPerSecond, order.seconds)
    else if (order.fault === 'block') block(order.ms)
    else if (order.fault === 'abort') process.abort()
    else if (order.fault === 'grandchildren') beget(order.count)
  }

  const first = readOrder(dir, idOf())
  if (first?.fault === 'exit-at-boot') throw new Error(first.message)
  look()
  setInterval(look, LOOK_MS).unref()
}

function exitWhenReady(stateDir: string, id: string, afterMs: number): void {
  const path = statePaths(stateDir).runFileOf(id)
  const wait = setInterval(() => {
    if (readRunFile(path)?.pid !== process.pid) return
    clearInterval(wait)
    setTimeout(() => process.exit(1), afterMs).unref()
  }, LOOK_MS).unref()
}

function leak(bytesPerSecond: number, maxBytes: number): void {
  const kept: Buffer[] = []
  let bytes = 0
  setInterval(() => {
    if (bytes >= maxBytes) return
    const step = Math.ceil((bytesPerSecond * STEP_MS) / 1000)
    // Written to, or the system would not give the pages.
    kept.push(Buffer.alloc(step, 1))
    bytes += step
  }, STEP_MS).unref()
}

/** To file descriptor 2, past every logger, as a native library does. */
function flood(bytesPerSecond: number, seconds: number): void {
  const line = `${'flood '.repeat(20)}\n`
  const step = Buffer.from(line.repeat(Math.ceil((bytesPerSecond * STEP_MS) / 1000 / line.length)))
  const until = performance.now() + seconds * 1000
  const timer = setInterval(() => {
    if (performance.now() > until) clearInterval(timer)
    try {
      writeSync(2, step)
    } catch {
      // A full disk is what a flood may lead to.
    }
  }, STEP_MS).unref()
}

function block(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

function beget(count: number): void {
  for (let i = 0; i < count; i += 1) spawn('sleep', ['600'], { stdio: 'ignore' }).unref()
}

/** Replaces Date by one that runs ahead or behind; performance.now() and timers stay, as when a clock is set. */
function shiftableClock(): { offsetMs: number } {
  const clock = { offsetMs: 0 }
  const RealDate = Date
  const now = () => RealDate.now() + clock.offsetMs
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    apply: () => new RealDate(now()).toString(),
    get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
  })
  return clock
}

const WORDS = 31
const TAP = 3
const DISCARDED = 310

/**
 * The numbers of `random()` in the C library after `srandom(seed)`, 31 bits each: an additive feedback generator over
 * 31 words, r[i] = r[i−3] + r[i−31], filled by a Lehmer generator (POSIX random(3), glibc TYPE_3). Only the lowest
 * 32 bits of the seed count, and 0 is taken as 1, the seed of a program that never chose one.
 */
export function createLibcRandom(seed: number): () => number {
  const words = new Int32Array(WORDS)
  // Modulo first: conversion to 32 bits goes by value only below 2^53.
  words[0] = (seed % 2 ** 32) | 0 || 1
  for (let i = 1; i < WORDS; i++) words[i] = lehmer(words[i - 1] as number)
  let front = TAP
  let rear = 0
  const next = () => {
    const sum = ((words[front] as number) + (words[rear] as number)) | 0
    words[front] = sum
    front = front + 1 === WORDS ? 0 : front + 1
    rear = rear + 1 === WORDS ? 0 : rear + 1
    return sum >>> 1
  }
  for (let i = 0; i < DISCARDED; i++) next()
  return next
}

/** 16807 × word modulo 2^31 − 1, by Schrage's division, which is what keeps a negative word as C does. */
function lehmer(word: number): number {
  const next = 16807 * (word % 127773) - 2836 * Math.trunc(word / 127773)
  return next < 0 ? next + 0x7fffffff : next
}

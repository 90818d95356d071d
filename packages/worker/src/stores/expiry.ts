/** Strictly older than `expires` ms, as thumbor counts; 0 never expires. Times in epoch ms. */
export function isExpired(modifiedAt: number | undefined, expires: number, now: number): boolean {
  return expires > 0 && modifiedAt !== undefined && now - modifiedAt > expires
}

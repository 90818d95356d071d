/**
 * Is this path, which may have a query, the one of `balancer.healthcheck`? A slash behind it makes no difference
 * (`thumbor/handlers/healthcheck.py` and its default route `/healthcheck/?`).
 */
export function isHealthcheck(path: string, route: string): boolean {
  const end = path.indexOf('?')
  const bare = end < 0 ? path : path.slice(0, end)
  return bare === route || bare === `${route}/`
}

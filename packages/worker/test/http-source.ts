import type { HttpSourceConfig } from '@imgsvc/core/config/sections/sources'
import { source } from '@imgsvc/core/config/sections/sources'

/** An http source with the defaults of the configuration, and this machine allowed. */
export function httpSource(more: Partial<HttpSourceConfig> = {}): HttpSourceConfig {
  return source.parse({ type: 'http', allowPrivate: ['127.0.0.0/8'], ...more }) as HttpSourceConfig
}

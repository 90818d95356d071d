import { ImgsvcError } from '../../errors.ts'
import { type Convert, listOf, option, type ThumborOption, timeLimit, unlessEmpty, without } from './option.ts'

/** A path, or thumbor's way to allow a slash behind it. Throws CONFIG_INVALID for any other regular expression. */
const route: Convert = (value) => {
  const path = String(value ?? '')
    .replace(/^\^|\$$/g, '')
    .replace(/(?<=.)\/\??$/, '')
  if (/^\/[\w./~-]*$/.test(path)) return path
  throw new ImgsvcError('CONFIG_INVALID', `${value}: expected a path such as /healthcheck`)
}

// Modules whose name is not that of their filter.
const FILTERS: Readonly<Record<string, string>> = { redeye: 'red_eye' }
const filter: Convert = (value) => {
  const name = String(value).split('.').at(-1) as string
  return FILTERS[name] ?? name
}

const OPTIMIZERS: Readonly<Record<string, string>> = {
  'thumbor.optimizers.jpegtran': 'jpegtran',
  'thumbor_plugins.optimizers.gifsicle': 'gifsicle',
  'thumbor_plugins.optimizers.pngcrush': 'pngcrush',
}
/** gifv is a filter here, which needs no optimizer; others are Python. */
const optimizer: Convert = (value) => OPTIMIZERS[String(value)]

const PYTHON = 'Names a Python module.'
const METRICS = 'Prometheus reads `/metrics` of the admin port; see metrics.md.'
const ERRORS = 'Errors go to the log with their request id; see logs.md.'
const QUEUE = 'Detection runs beside each worker, without a queue; see smart.md.'
const EXTERNAL = 'An external program, where it is installed.'

const redis = (name: string, fallback: string) => without(`REDIS_QUEUE_${name}`, fallback, QUEUE)

/** How the program runs, and what is asked of it. */
export const PROGRAM: readonly ThumborOption[] = [
  without('THUMBOR_LOG_CONFIG', 'None', 'A Python object. `logs` has what there is to set.'),
  without('THUMBOR_LOG_FORMAT', 'asctime name:level message', '`logs.format` chooses between JSON and plain lines.'),
  without(
    'THUMBOR_LOG_DATE_FORMAT',
    "'%Y-%m-%d %H:%M:%S'",
    'Times are ISO 8601 in JSON, as supervisord’s in plain lines.',
  ),
  without('METRICS', "'thumbor.metrics.logger_metrics'", METRICS),
  without('ENGINE', "'thumbor.engines.pil'", 'There is one engine, libvips.'),
  without('GIF_ENGINE', "'thumbor.engines.gif'", 'There is one engine, libvips.'),
  without('URL_SIGNER', "'libthumbor.url_signers.base64_hmac_sha1'", `${PYTHON} URLs are signed as by its default.`),
  option('SECURITY_KEY', "'MY_SECURE_KEY'", { note: 'No default key: the first `up` makes one.' }),
  option('ALLOW_UNSAFE_URL', 'True', { note: 'Off by default.' }),
  option('ENABLE_ETAGS', 'True'),
  without('GC_INTERVAL', 'None', 'thumbor itself never reads it.'),
  option('HEALTHCHECK_ROUTE', "'/healthcheck/?'", {
    as: route,
    note: 'A path, not a regular expression; a slash behind it makes no difference.',
  }),
  without('STATSD_HOST', 'None', METRICS),
  without('STATSD_PORT', '8125', METRICS),
  without('STATSD_PREFIX', 'None', METRICS),
  without('NON_BLOCKING_SOCKETS', 'False', 'Sockets never block in Node.'),
  without('APP_CLASS', "'thumbor.app.ThumborServiceApp'", PYTHON),
  option('ACCESS_CONTROL_ALLOW_ORIGIN_HEADER', 'False', {
    as: unlessEmpty,
    note: 'Also on errors in the place of pictures.',
  }),
  option('OPTIMIZERS', '[]', {
    as: (value, conf) => unlessEmpty((listOf(optimizer)(value, conf) as string[]).filter(Boolean), conf),
    note: EXTERNAL,
  }),
  option('JPEGTRAN_PATH', "'/usr/bin/jpegtran'", { as: unlessEmpty, note: EXTERNAL }),
  option('JPEGTRAN_SCANS_FILE', "''", { as: unlessEmpty, note: EXTERNAL }),
  option('FFMPEG_PATH', "'/usr/local/bin/ffmpeg'", { as: unlessEmpty, note: EXTERNAL }),
  option('FILTERS', '30 built-ins', {
    as: (value, conf) => unlessEmpty(listOf(filter)(value, conf) as string[], conf),
  }),
  redis('SERVER_HOST', "'localhost'"),
  redis('SERVER_PORT', '6379'),
  redis('SERVER_DB', '0'),
  redis('SERVER_PASSWORD', 'None'),
  redis('MODE', "'single_node'"),
  redis('SENTINEL_INSTANCES', "'localhost:26379'"),
  redis('SENTINEL_PASSWORD', 'None'),
  redis('SENTINEL_MASTER_INSTANCE', "'master'"),
  redis('SENTINEL_MASTER_PASSWORD', 'None'),
  redis('SENTINEL_MASTER_DB', '0'),
  redis('SENTINEL_SOCKET_TIMEOUT', '10.0'),
  without('SQS_QUEUE_KEY_ID', 'None', QUEUE),
  without('SQS_QUEUE_KEY_SECRET', 'None', QUEUE),
  without('SQS_QUEUE_REGION', "'us-east-1'", QUEUE),
  without('USE_CUSTOM_ERROR_HANDLING', 'False', ERRORS),
  without('ERROR_HANDLER_MODULE', "'thumbor.error_handlers.sentry'", `${PYTHON} ${ERRORS}`),
  without('ERROR_FILE_LOGGER', 'None', ERRORS),
  without('ERROR_FILE_NAME_USE_CONTEXT', 'False', ERRORS),
  without('SENTRY_DSN_URL', "''", `${ERRORS} \`hooks\` tell other programs of crashes.`),
  without('SENTRY_ENVIRONMENT', 'None', ERRORS),
  without(
    'MAX_WAIT_SECONDS_BEFORE_SERVER_SHUTDOWN',
    '0',
    'The balancer sends a worker nothing more before it is stopped: there is nothing to wait for.',
  ),
  option('MAX_WAIT_SECONDS_BEFORE_IO_SHUTDOWN', '0', { also: { 'workers.stopTimeout': timeLimit } }),
  without(
    'HANDLER_LISTS',
    '3 built-ins',
    `${PYTHON} \`upload.enabled\` and \`security.useBlacklist\` switch routes on.`,
  ),
  without('COMPATIBILITY_LEGACY_LOADER', 'None', PYTHON),
  without('COMPATIBILITY_LEGACY_STORAGE', 'None', PYTHON),
  without('COMPATIBILITY_LEGACY_RESULT_STORAGE', 'None', PYTHON),
]

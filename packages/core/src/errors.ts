/**
 * Every error imgsvc can answer or print, once: its HTTP status, whether the detail may be shown to
 * a stranger, and the sentence. `docs/errors.md` is generated from this table.
 *
 * `status` is what the public port answers. Client mistakes carry thumbor's codes (spec: thumbor 7,
 * `handlers/__init__.py`); failing upstreams answer 502/504 unless `compat.thumborStatus` is on.
 */
export const ERRORS = {
  // What the client asked for.
  URL_MALFORMED: { status: 400, expose: true, text: 'The URL is not a valid image URL' },
  URL_NOT_FOUND: { status: 404, expose: true, text: 'There is nothing at this address' },
  URL_TOO_LONG: { status: 414, expose: true, text: 'The URL is too long' },
  URL_NO_SIGNATURE: { status: 400, expose: true, text: 'The URL carries no signature' },
  URL_BAD_SIGNATURE: { status: 400, expose: true, text: 'The URL signature does not match' },
  URL_UNSAFE_DISABLED: { status: 400, expose: true, text: 'Unsigned URLs (/unsafe/…) are switched off' },
  FILTER_INVALID: { status: 400, expose: true, text: 'A filter or its arguments are not valid' },
  METHOD_NOT_ALLOWED: { status: 405, expose: true, text: 'This method is not allowed here' },
  BODY_TOO_LARGE: { status: 413, expose: true, text: 'The request body is too large' },
  REQUEST_MALFORMED: { status: 400, expose: true, text: 'The HTTP request is malformed' },
  HEADERS_TOO_LARGE: { status: 431, expose: true, text: 'The request headers are too large' },
  REQUEST_TIMEOUT: { status: 408, expose: true, text: 'The request did not arrive in time' },
  UPLOAD_NOT_IMAGE: { status: 415, expose: true, text: 'The upload is not an image that can be decoded' },
  UPLOAD_REFUSED: { status: 412, expose: true, text: 'The uploaded image is not accepted' },
  BLACKLIST_FULL: { status: 409, expose: true, text: 'The blacklist is full' },
  VIDEO_REFUSED: { status: 400, expose: true, text: 'A video cannot be made of this' },
  OUTPUT_TOO_LARGE: { status: 400, expose: true, text: 'The requested picture is too large' },

  // Where the original comes from.
  SOURCE_NOT_FOUND: { status: 404, expose: true, text: 'The source image was not found' },
  SOURCE_REFUSED: { status: 400, expose: true, text: 'This source is not allowed' },
  SOURCE_TOO_LARGE: { status: 422, expose: true, text: 'The source image has too many bytes' },
  SOURCE_UNDECODABLE: { status: 400, expose: true, text: 'The source is not an image that can be decoded' },
  SOURCE_UNSUPPORTED: { status: 415, expose: true, text: 'The source is of a format that is not read here' },
  SOURCE_TOO_MANY_PIXELS: { status: 400, expose: true, text: 'The source image has too many pixels' },
  SOURCE_TOO_MANY_FRAMES: { status: 400, expose: true, text: 'The source animation has too many frames' },
  SOURCE_FAILED: { status: 502, expose: false, text: 'The source could not be fetched' },
  SOURCE_TIMEOUT: { status: 504, expose: false, text: 'The source did not answer in time' },
  SOURCE_BUSY: { status: 503, expose: true, text: 'The source is overloaded; try again shortly' },
  STORE_FAILED: { status: 502, expose: false, text: 'A store failed' },

  // Load and lifecycle.
  BUSY: { status: 503, expose: true, text: 'The service is busy; try again shortly' },
  NO_WORKER: { status: 503, expose: true, text: 'No worker is ready' },
  WORKER_FAILED: { status: 502, expose: true, text: 'The worker did not answer' },
  WORKER_TIMEOUT: { status: 504, expose: true, text: 'The worker did not answer in time' },
  DEADLINE: { status: 504, expose: true, text: 'The request took too long' },
  CLIENT_GONE: { status: 499, expose: true, text: 'The client closed the connection' },
  DETECTION_FAILED: { status: 500, expose: false, text: 'A detector failed' },
  DETECTION_TIMEOUT: { status: 504, expose: false, text: 'A detector took too long' },
  RENDER_FAILED: { status: 500, expose: false, text: 'The picture could not be made' },
  INTERNAL: { status: 500, expose: false, text: 'Something went wrong inside imgsvc' },

  // Operators: configuration, processes, control.
  CONFIG_INVALID: { status: 422, expose: true, text: 'The configuration is not valid' },
  CONFIG_UNREADABLE: { status: 422, expose: true, text: 'The configuration file cannot be read' },
  SELECTOR_INVALID: { status: 400, expose: true, text: 'The process selector is not valid' },
  PROCESS_UNKNOWN: { status: 404, expose: true, text: 'There is no such process' },
  PROCESS_FAILED: { status: 500, expose: true, text: 'The process could not be started' },
  SELF_TEST_FAILED: { status: 500, expose: true, text: 'The process failed its self-test' },
  UPGRADE_FAILED: { status: 409, expose: true, text: 'The upgrade was given up' },
  ALREADY_RUNNING: { status: 409, expose: true, text: 'imgsvc is already running' },
  NOT_RUNNING: { status: 503, expose: true, text: 'imgsvc is not running' },
  PORT_TAKEN: { status: 409, expose: true, text: 'A port is already in use' },
  STATE_DIR_UNUSABLE: { status: 500, expose: true, text: 'The state directory cannot be used' },
  STARTUP_REFUSED: { status: 409, expose: true, text: 'The unit of the init system cannot be changed' },
  CONTROL_METHOD_UNKNOWN: { status: 404, expose: true, text: 'There is no such control method' },
  CONTROL_PARAMS_INVALID: { status: 400, expose: true, text: 'The parameters of the control method are not valid' },
  CONTROL_FORBIDDEN: { status: 403, expose: true, text: 'This control method is not allowed here' },
} as const satisfies Record<string, { status: number; expose: boolean; text: string }>

export type ErrorCode = keyof typeof ERRORS

/**
 * The one error class. `detail` says what, where and what would be right; it reaches a stranger only
 * when the table says `expose`. Match on `code`, never on the message.
 */
export class ImgsvcError extends Error {
  readonly code: ErrorCode
  readonly detail: string | undefined

  constructor(code: ErrorCode, detail?: string, options?: { cause?: unknown }) {
    const { text } = ERRORS[code]
    super(detail ? `${text}: ${detail}` : text, options)
    this.name = 'ImgsvcError'
    this.code = code
    this.detail = detail
  }

  /** HTTP status of the public and control ports. */
  get status(): number {
    return ERRORS[this.code].status
  }

  /** What a stranger may read: without the detail when the table does not expose it. */
  get publicMessage(): string {
    return ERRORS[this.code].expose ? this.message : ERRORS[this.code].text
  }
}

/** Anything thrown as an ImgsvcError: itself, or INTERNAL with the original as its cause. */
export function toImgsvcError(error: unknown): ImgsvcError {
  if (error instanceof ImgsvcError) return error
  return new ImgsvcError('INTERNAL', error instanceof Error ? error.message : String(error), { cause: error })
}

/** The JSON body of every error answer (contract: `{ error: { code, message, requestId } }`). */
export function errorBody(error: ImgsvcError, requestId: string): string {
  return `${JSON.stringify({ error: { code: error.code, message: error.publicMessage, requestId } })}\n`
}

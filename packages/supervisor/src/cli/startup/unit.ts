/** Below it systemd makes the state directory itself, for the right user. */
const STATE_BASE = '/var/lib/'

/** What a systemd unit of imgsvc is made from; all paths absolute. */
export interface UnitOptions {
  /** The Node program. */
  readonly node: string
  /** The command imgsvc itself, as it was called. */
  readonly program: string
  readonly stateDir: string
  /** Configuration file; undefined: the one `up` finds by itself. */
  readonly config: string | undefined
  /** Account the service runs as; undefined: root. */
  readonly user: string | undefined
  /** Directories outside of the state directory that the service writes to. */
  readonly writes: readonly string[]
  /** It listens on a port below 1024. */
  readonly lowPort: boolean
}

/**
 * The unit. What matters: `KillMode=process` and `Restart=always` let a new supervisor adopt the processes of one that
 * died (docs/restarts.md); `NotifyAccess=all`, because `systemd-notify` is a process of its own (sd_notify(3)).
 */
export function unitText(options: UnitOptions): string {
  const { node, program, stateDir, config, user, writes, lowPort } = options
  const flags = ['--state-dir', stateDir]
  const command = (...args: readonly string[]) => [node, program, ...args].map(word).join(' ')
  const up = command('up', ...flags, ...(config === undefined ? [] : ['--config', config]))
  const writable = [stateDir, ...writes.filter((path) => !isBelow(path, stateDir))]
  const made = stateDir.startsWith(STATE_BASE) ? stateDir.slice(STATE_BASE.length) : undefined
  return `[Unit]
Description=imgsvc, a thumbor-compatible image service
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
NotifyAccess=all
ExecStart=${up}
ExecReload=${command('reload', ...flags)}
${user === undefined ? '' : `User=${user}\n`}${made === undefined ? '' : `StateDirectory=${word(made)}\nStateDirectoryMode=0700\n`}WorkingDirectory=/
# Secrets that the configuration names as env:NAME; the file need not exist.
EnvironmentFile=-/etc/imgsvc/environment
Restart=always
RestartSec=500ms
TimeoutStartSec=120
TimeoutStopSec=60
WatchdogSec=30

# The supervisor alone gets SIGTERM, and stops the others itself. When it dies they go on serving, and the next one
# adopts them.
KillMode=process

LimitNOFILE=65536
OOMScoreAdjust=-500
UMask=0027

# Nothing but its own directories can be written.
ProtectSystem=strict
ReadWritePaths=${writable.map(optional).join(' ')}
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
NoNewPrivileges=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
RestrictNamespaces=yes
LockPersonality=yes
SystemCallArchitectures=native
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
${capabilities(user, lowPort)}
[Install]
WantedBy=multi-user.target
`
}

/** Root keeps what it has: it may have to read pictures of anybody. */
function capabilities(user: string | undefined, lowPort: boolean): string {
  if (user === undefined) return ''
  if (!lowPort) return 'CapabilityBoundingSet=\n'
  return 'CapabilityBoundingSet=CAP_NET_BIND_SERVICE\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n'
}

function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`)
}

/** `-`: a directory that does not exist yet must not keep the unit from starting. */
function optional(path: string): string {
  return word(`-${path}`)
}

/** One word of a command line (systemd.service(5), "Command lines"): `%`, `$`, quotes and blanks keep their meaning. */
export function word(text: string): string {
  const escaped = text.replaceAll('%', '%%').replaceAll('$', '$$$$').replaceAll('\\', '\\\\').replaceAll('"', '\\"')
  return /[\s;'"]/.test(text) || text === '' ? `"${escaped}"` : escaped
}

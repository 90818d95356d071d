import { readFileSync } from 'node:fs'
import { listSettings } from '@imgsvc/core/config/names'
import { expect, test } from 'vitest'
import { supervisorctl } from './list.ts'

const text = readFileSync(new URL('../../../../../docs/supervisord.md', import.meta.url), 'utf8')
/** First cells of the rows of all tables, taken apart. */
const named = new Set(
  text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .flatMap((line) => [...(line.split('|')[1] as string).matchAll(/`([^`]+)`/g)].map(([, name]) => name)),
)

// Of supervisord 4: `supervisorctl help` and the option tables of its manual.
const VERBS =
  'add avail clear exit fg help maintail open pid quit reload remove reread restart shutdown signal start status stop tail update version'
const PROGRAM =
  'command process_name numprocs numprocs_start priority autostart startsecs startretries autorestart exitcodes stopsignal ' +
  'stopwaitsecs stopasgroup killasgroup user redirect_stderr environment directory umask serverurl stdout_logfile ' +
  'stdout_logfile_maxbytes stdout_logfile_backups stdout_capture_maxbytes stdout_events_enabled stdout_syslog ' +
  'stderr_logfile stderr_logfile_maxbytes stderr_logfile_backups stderr_capture_maxbytes stderr_events_enabled stderr_syslog'
const OTHERS =
  'logfile logfile_maxbytes logfile_backups loglevel pidfile umask nodaemon silent minfds minprocs nocleanup childlogdir ' +
  'user directory strip_ansi environment identifier file chmod chown username password port serverurl prompt history_file ' +
  '[supervisord] [unix_http_server] [inet_http_server] [supervisorctl]'
const SIGNALS = 'SIGTERM SIGINT SIGQUIT SIGHUP SIGUSR2'

test.each(`${VERBS} ${PROGRAM} ${OTHERS} ${SIGNALS}`.split(' '))('%s has its row', (name) => {
  expect(named).toContain(name)
})

test('every verb of supervisorctl is a command here, if only to say what to do instead', () => {
  const here = supervisorctl.members.map(({ name }) => name)
  // yargs answers `help` itself.
  expect([...here, 'help'].sort()).toEqual(VERBS.split(' ').sort())
})

test('the settings it names exist', () => {
  const settings = new Set(listSettings().map(({ path }) => path))
  const sections = 'workers|balancer|logs|admin|hooks'
  const found = [...text.matchAll(new RegExp(`\`((?:${sections})\\.[\\w.]+)\``, 'g'))].map(([, path]) => path as string)
  expect(found.length).toBeGreaterThan(20)
  expect(found.filter((path) => !settings.has(path))).toEqual([])
})

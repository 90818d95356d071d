import { z } from 'zod'
import { setting } from '../setting.ts'

const name = () =>
  z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$|^$/, 'expected a name such as imgsvc, or a number')

/** As whom the processes of one role run. */
export const accountSettings = {
  user: setting(name().default(''), {
    doc: 'User the processes run as, by name or number; needs a supervisor that runs as root. Empty: as the supervisor.',
    reload: 'restart',
  }),
  group: setting(name().default(''), {
    doc: 'Their group; empty: the one of the user. Workers and balancers share what is in the state directory, so theirs must be the same when both have a user.',
    reload: 'restart',
  }),
}

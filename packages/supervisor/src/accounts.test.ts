import { type Config, configSchema } from '@imgsvc/core/config/schema'
import { describe, expect, test } from 'vitest'
import { accountsOf, type Lookup } from './accounts.ts'

const PASSWD = [
  ['imgsvc', 'x', '990', '991'],
  ['other', 'x', '1000', '1000'],
]
const GROUP = [['www', 'x', '33']]
const lookup: Lookup = (database, key) =>
  (database === 'passwd' ? PASSWD : GROUP).find(([name, , number]) => name === key || number === key)

const config = (over: object): Config => configSchema.parse({ sources: [{ type: 'file', root: '/' }], ...over })
const accounts = (over: object, uid: number | undefined = 0) => accountsOf(config(over), lookup, uid)

describe('users and groups', () => {
  test('are nobody’s business by default, root or not', () => {
    expect(accounts({})).toEqual({})
    expect(accounts({}, 1000)).toEqual({})
  })

  test('are found by name and by number; the group is that of the user', () => {
    expect(accounts({ workers: { user: 'imgsvc' } })).toEqual({ worker: { uid: 990, gid: 991 } })
    expect(accounts({ workers: { user: '990', group: 'www' } })).toEqual({ worker: { uid: 990, gid: 33 } })
    expect(accounts({ balancer: { user: '4711', group: '12' } })).toEqual({ balancer: { uid: 4711, gid: 12 } })
  })

  test.each([
    [{ workers: { user: 'gone' } }, 0, 'workers.user: there is no user "gone"'],
    [{ workers: { user: '4711' } }, 0, 'workers.group is needed'],
    [{ balancer: { user: 'imgsvc', group: 'gone' } }, 0, 'balancer.group: there is no group "gone"'],
    [{ balancer: { group: 'www' } }, 0, 'balancer.group needs balancer.user'],
    [{ workers: { user: 'imgsvc' } }, 1000, 'needs a supervisor that runs as root'],
    [{ workers: { user: 'imgsvc' }, balancer: { user: 'other' } }, 0, 'set balancer.group to that of the workers'],
  ])('%j as %i: %s', (over, uid, sentence) => {
    expect(() => accounts(over, uid)).toThrow(sentence)
  })

  test('of two roles may differ when the group is the same', () => {
    const both = { workers: { user: 'imgsvc', group: 'www' }, balancer: { user: 'other', group: 'www' } }
    expect(accounts(both)).toEqual({ worker: { uid: 990, gid: 33 }, balancer: { uid: 1000, gid: 33 } })
  })
})

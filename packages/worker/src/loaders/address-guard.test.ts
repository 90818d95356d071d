import { expect, test } from 'vitest'
import { createAddressGuard } from './address-guard.ts'

const guard = createAddressGuard([])

test.each([
  '8.8.8.8',
  '1.1.1.1',
  '172.15.255.255',
  '172.32.0.1',
  '100.63.255.255',
  '100.128.0.1',
  '169.253.1.1',
  '192.167.1.1',
  '198.17.1.1',
  '223.255.255.255',
  '2606:4700::1111',
  '2a00:1450:4001:82a::200e',
  '[2606:4700::1111]',
  '::ffff:8.8.8.8',
  '64:ff9b::8.8.8.8',
  '2606:4700::5efe:808:808',
])('%s is public', (address) => {
  expect(guard(address)).toBe(true)
})

test.each([
  ['0.0.0.0', 'unspecified'],
  ['0.1.2.3', 'this network'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['10.0.0.1', 'private'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.168.1.1', 'private'],
  ['100.64.0.1', 'shared'],
  ['100.127.255.255', 'shared'],
  ['169.254.169.254', 'link-local'],
  ['192.0.0.1', 'IETF'],
  ['192.0.2.1', 'documentation'],
  ['198.51.100.1', 'documentation'],
  ['203.0.113.1', 'documentation'],
  ['192.88.99.1', '6to4 relay'],
  ['198.18.0.1', 'benchmarking'],
  ['198.19.255.255', 'benchmarking'],
  ['224.0.0.1', 'multicast'],
  ['239.255.255.255', 'multicast'],
  ['240.0.0.1', 'reserved'],
  ['255.255.255.255', 'broadcast'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['fe80::1', 'link-local'],
  ['fe80::1%eth0', 'link-local with a zone'],
  ['febf::1', 'link-local is a /10'],
  ['fec0::1', 'site-local'],
  ['fc00::1', 'unique local'],
  ['fdff::1', 'unique local'],
  ['ff02::1', 'multicast'],
  ['100::1', 'discard'],
  ['2001:db8::1', 'documentation'],
  ['3fff::1', 'documentation'],
  ['2001:2::1', 'benchmarking'],
  ['2001:10::1', 'ORCHID'],
  ['2001:20::1', 'ORCHIDv2'],
  ['5f00::1', 'segment routing'],
  ['4000::1', 'not given out'],
  ['::ffff:127.0.0.1', 'mapped'],
  ['::ffff:7f00:1', 'mapped'],
  ['::ffff:169.254.169.254', 'mapped'],
  ['::127.0.0.1', 'compatible'],
  ['::7f00:1', 'compatible'],
  ['::a00:1', 'compatible'],
  ['::ffff:0:127.0.0.1', 'SIIT'],
  ['::ffff:0:7f00:1', 'SIIT'],
  ['64:ff9b::127.0.0.1', 'NAT64'],
  ['64:ff9b::7f00:1', 'NAT64'],
  ['64:ff9b::a9fe:a9fe', 'NAT64'],
  ['64:ff9b:1::7f00:1', 'local NAT64'],
  ['2002:7f00:1::', '6to4'],
  ['2002:a00:1::1', '6to4'],
  ['2001:0:4136:e378:8000:63bf:80ff:fffe', 'Teredo'],
  ['2606:4700::5efe:7f00:1', 'ISATAP'],
  ['2606:4700::200:5efe:a00:1', 'ISATAP'],
  ['fe80::5efe:8.8.8.8', 'ISATAP'],
  ['[::1]', 'in brackets'],
  ['localhost', 'a name'],
  ['', 'nothing'],
  ['1.2.3.4.5', 'no address'],
])('%s is refused (%s)', (address) => {
  expect(guard(address)).toBe(false)
})

test('ranges of allowPrivate open what they name and nothing beside it', () => {
  const some = createAddressGuard(['127.0.0.0/8', '10.1.0.0/16', 'fd00::/8', '::1/128'])
  for (const address of ['127.0.0.1', '10.1.2.3', 'fd12::1', '::1', '::ffff:127.0.0.1', '64:ff9b::10.1.2.3']) {
    expect(some(address), address).toBe(true)
  }
  for (const address of ['10.2.0.1', 'fc00::1', '::2', '::ffff:10.2.0.1', '169.254.169.254', '::127.0.0.1']) {
    expect(some(address), address).toBe(false)
  }
})

test.each(['127.0.0.1', 'localhost/8', '10.0.0.0/33', 'everything'])(
  '%j in allowPrivate is CONFIG_INVALID',
  (range) => {
    expect(() => createAddressGuard([range])).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  },
)

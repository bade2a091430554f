/**
 * Proof by the kernel's own counters that loopback nodes send nothing off 127.0.0.0/8. A child runs in a network namespace of its
 * own (nameless: it is gone with the child) that holds `lo` and one end of a virtual cable with a default route, so that
 * every packet for anywhere else is counted there. One of its addresses is private: what looks for local networks finds one.
 */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { QUICKLY } from '../node-command.ts'
import type { Report } from './stays-on-loopback-child.ts'

const SETUP = `
set -e
for file in /proc/sys/net/ipv6/conf/*/disable_ipv6; do [ ! -e "$file" ] || echo 1 > "$file"; done
ip link set lo up
ip link add cable type veth peer name far
ip address add 198.18.0.1/24 dev cable
ip address add 10.9.0.1/24 brd + dev cable
ip link set cable up
ip link set far up
ip neighbour add 198.18.0.2 lladdr 02:00:00:00:00:02 dev cable nud permanent
ip route add default via 198.18.0.2
exec "$@"
`

const run = (): Report => {
  const mapped = process.getuid?.() === 0 ? [] : ['--map-root-user']
  const child = new URL('stays-on-loopback-child.ts', import.meta.url).pathname
  const { error, status, stdout, stderr } = spawnSync(
    'unshare',
    [...mapped, '--net', 'sh', '-c', SETUP, 'sh', process.execPath, ...QUICKLY, child],
    { encoding: 'utf8', timeout: 30_000 },
  )
  const needs = 'this test needs Linux with unshare(1), ip(8), veth devices and the right to make a network namespace'
  assert.equal(error, undefined, `${needs}: ${error?.message}`)
  assert.equal(status, 0, `${needs}, and its child must succeed: ${stderr}`)
  return JSON.parse(stdout)
}

test('no packet of a loopback network leaves 127.0.0.0/8, by the count of the kernel', () => {
  const report = run()

  // What was done in the namespace did happen.
  assert.ok(report.loopbackPackets > 200, `only ${report.loopbackPackets} packets on lo`)
  assert.equal(report.framesEchoed, 20)

  // Nothing left, although the nodes were told of addresses elsewhere; the guard stopped those.
  assert.equal(report.leaked, 0)
  assert.ok(report.refused > 0)
  assert.deepEqual(report.boundElsewhere, [], 'every UDP socket of the process is bound to 127.0.0.0/8')

  // The beacon neither: it is off, or on loopback, and one that is given the cable by mistake is stopped.
  assert.equal(report.beaconFound, true)
  assert.equal(report.beaconOnLoopback, 0)
  assert.equal(report.beaconGuarded, 0)
  assert.ok(report.beaconRefused > 0)

  // The counter does count: one datagram to a documentation address, a node and a beacon made without the guard.
  assert.equal(report.controlDatagram, 1)
  assert.ok(report.controlUnguarded > 0)
  assert.ok(report.controlBeacon > 0)

  // Where nothing may leave the machine the public network is refused, and the local one is on this machine.
  assert.deepEqual(report.chosen, [
    { code: 'ERR_LOOPBACK_ONLY', packets: 0 },
    { code: null, packets: 0 },
  ])
  assert.ok(report.controlPublic > 0)
})

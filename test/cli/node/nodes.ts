import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Child, startCli } from '../child.ts'

/** `handfast node` as processes, for tests. */

export type Running = Child & { readonly network: string; readonly first: boolean }

export const startNode = async (t: TestContext, ...argv: readonly string[]): Promise<Running> => {
  const child = startCli(t, ['node', '--json', ...argv])
  const { network, first } = await child.event('node')
  return { ...child, network: String(network), first: first === true }
}

export const startPersistent = (t: TestContext, folder: string, ...argv: readonly string[]): Promise<Running> =>
  startNode(t, '--persistent', '--folder', folder, ...argv)

export const kill = async ({ child, exit }: Child): Promise<void> => {
  child.kill('SIGKILL')
  assert.equal(await exit(), -1)
}

export const stateOf = async (folder: string): Promise<{ port: number; transportSeed: string }> =>
  JSON.parse(await readFile(join(folder, 'node.json'), 'utf8'))

/** Nodes of the network `network`, as it was given, that this one has seen alive; '' for one that it began. */
export const seenBy = async (folder: string, network = ''): Promise<readonly string[]> => {
  const { networks }: { networks: readonly { network: string; nodes: readonly string[] }[] } = JSON.parse(
    await readFile(join(folder, 'nodes.json'), 'utf8'),
  )
  return networks.find((one) => one.network === network)?.nodes ?? []
}

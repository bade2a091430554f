/** Calls between processes over Node's own channel: one side serves functions, the other calls them as if they were its own. */

import type { ChildProcess } from 'node:child_process'

/** What a process offers: functions of plain values (bytes, maps and lists included) that resolve to plain values. */
export type Actions = { readonly [name: string]: (...args: never[]) => Promise<unknown> }

type Failure = { readonly name: string; readonly code: string; readonly message: string }
type Request = { readonly id: number; readonly name: string; readonly args: readonly unknown[] }
type Answer = { readonly id: number; readonly value: unknown; readonly failure: Failure | null }
type Notice = { readonly notice: unknown }

/** An error that was thrown in another process, with the class name and code it had there. */
export class RemoteFailure extends Error {
  override readonly name: string
  readonly code: string

  constructor({ name, code, message }: Failure) {
    super(message)
    this.name = name
    this.code = code
  }
}

/** Answers the parent's calls until it lets go of this process, which then ends. */
export const serve = (actions: Actions): void => {
  if (process.send === undefined) throw new Error('this file is one process of the demo: start it with npm run demo')
  process.on('message', (message) => {
    if (isRequest(message)) void answer(actions, message)
  })
  process.on('disconnect', () => process.exit())
  // Ctrl-C reaches the whole group; the parent decides when this process ends.
  process.on('SIGINT', () => undefined)
}

/** Tells the parent something it did not ask for. */
export const notify = (notice: unknown): void => tellParent({ notice })

/** A parent that is gone hears nothing more, and that is no error. */
const tellParent = (message: Answer | Notice): void => {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined)
}

const answer = async (actions: Actions, { id, name, args }: Request): Promise<void> => {
  try {
    const action = actions[name]
    if (action === undefined) throw new Error(`no action ${name}`)
    // The caller's types are those of the action: both sides share one type.
    tellParent({ id, value: await action(...(args as never[])), failure: null })
  } catch (error) {
    tellParent({ id, value: null, failure: describe(error) })
  }
}

const describe = (error: unknown): Failure => {
  if (!(error instanceof Error)) return { name: 'Error', code: '', message: String(error) }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return { name: error.name, code, message: error.message }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
const isRequest = (message: unknown): message is Request => isObject(message) && 'name' in message && 'args' in message
const isAnswer = (message: unknown): message is Answer => isObject(message) && 'failure' in message
const isNotice = (message: unknown): message is Notice => isObject(message) && 'notice' in message

/** The actions of `child` as functions of this process. They reject when the child throws, and when it ends. */
export const callsTo = <A extends Actions>(child: ChildProcess, onNotice: (notice: unknown) => void): A => {
  const pending = new Map<number, PromiseWithResolvers<unknown>>()
  let calls = 0
  let ended: Error | undefined

  child.on('message', (message) => {
    if (isNotice(message)) onNotice(message.notice)
    else if (isAnswer(message)) {
      const call = pending.get(message.id)
      pending.delete(message.id)
      if (message.failure === null) call?.resolve(message.value)
      else call?.reject(new RemoteFailure(message.failure))
    }
  })
  const end = (error: Error): void => {
    ended ??= error
    for (const call of pending.values()) call.reject(ended)
    pending.clear()
  }
  child.once('error', end)
  child.once('exit', (code, signal) => end(new Error(`process ${child.pid} ended early (${signal ?? code})`)))

  const call = (name: string, args: readonly unknown[]): Promise<unknown> => {
    if (ended !== undefined) return Promise.reject(ended)
    const id = calls++
    const result = Promise.withResolvers<unknown>()
    pending.set(id, result)
    child.send({ id, name, args }, (error) => {
      if (error !== null) end(error)
    })
    return result.promise
  }
  // `then` must stay undefined: whoever awaits the object would call it.
  const get = (_: object, name: string | symbol): unknown =>
    typeof name === 'symbol' || name === 'then' ? undefined : (...args: unknown[]) => call(name, args)
  return new Proxy({}, { get }) as A
}

import { type Command, InvalidArgumentError } from 'commander'
import type { Start } from '../context.ts'
import { EXIT } from '../output/failure.ts'

/** The commands about those one knows, and what is said with them. */

type ContactsFlags = { readonly name?: string | false; readonly forget?: boolean }

export const addContactCommands = (program: Command, start: Start): void => {
  program
    .command('contacts')
    .argument('[contact]', 'a name, or hf1…; all of them when it is left out')
    .option('--name <name>', 'call it so; chat and verify take the name for the address')
    .option('--no-name', 'take its name away')
    .option('--forget', 'do not know it any more')
    .summary('tell whom you know, and name them')
    .description(
      'Shows the contacts of the data folder: everybody you connected to by address. An address that is not among them is looked up and becomes one.',
    )
    .addHelpText('after', '\nExamples:\n  handfast contacts\n  handfast contacts hf1… --name Bob')
    .action((contact: string | undefined, { name, forget }: ContactsFlags) =>
      start(async (context) => {
        const { contacts } = await import('./contacts.ts')
        const named = name === false ? null : name
        return contacts(context, { contact, name: named, forget: forget === true })
      }, EXIT.interrupted),
    )

  program
    .command('verify')
    .argument('<contact>', 'a name, or hf1…')
    .option('--head <hex>', 'the last hash of its log, as its owner reads it out')
    .option('--yes', 'for scripts: you compared the safety number')
    .summary('say that an address belongs to whom it should')
    .description(
      'Shows the safety number for you to compare by voice, and marks the contact as verified when you say that it agrees. When two logs of it contradict each other, you say which one is its owner’s, and nothing is blocked any more.',
    )
    .addHelpText('after', '\nExample:\n  handfast verify Bob')
    .action((contact: string, { head, yes }: { head?: string; yes?: boolean }) =>
      start(async (context) => {
        const { verify } = await import('./verify.ts')
        return verify(context, { contact, head, yes: yes === true })
      }, EXIT.interrupted),
    )

  program
    .command('send')
    .argument('<contact>', 'a name, or hf1…')
    .option('--wait <seconds>', 'how long to try to deliver it now', readSeconds, 30)
    .summary('send what is piped in as one message, now or later')
    .description(
      'Writes what is piped in down as one message. It is delivered at once when the other side can be reached; otherwise it is kept, and handfast listen or chat delivers it.',
    )
    .addHelpText('after', '\nExample:\n  echo hello | handfast send Bob')
    .action((contact: string, { wait }: { wait: number }) =>
      start(async (context) => {
        const { send } = await import('./send.ts')
        return send(context, { contact, wait })
      }, EXIT.interrupted),
    )

  program
    .command('messages')
    .argument('<contact>', 'a name, or hf1…')
    .option('--limit <number>', 'how many, the latest', readCount, 100)
    .option('--before <id>', 'only those before this one', readCount)
    .summary('tell what was said with a contact')
    .description('Shows the messages to and from a contact, and what became of those that were sent. Needs no network.')
    .addHelpText('after', '\nExample:\n  handfast messages Bob --limit 20')
    .action((contact: string, { limit, before }: { limit: number; before?: number }) =>
      start(async (context) => {
        const { messages } = await import('./messages.ts')
        return messages(context, { contact, limit, before })
      }, EXIT.interrupted),
    )
}

const readCount = (text: string): number => {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It is a whole number.')
  return Number(text)
}

const readSeconds = (text: string): number => {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('It is a number of seconds.')
  return Number(text)
}

import { deliverNow } from '../chat/deliver-now.ts'
import type { CommandFile, Context } from '../context.ts'
import { resolveContact, WHO } from '../options/contact.ts'
import { openQuietPeer } from '../options/quiet-peer.ts'
import { readSeconds } from '../options/seconds.ts'
import { type TakeOverFlags, takeOverOption } from '../options/take-over.ts'
import { EXIT } from '../output/failure.ts'

type Flags = TakeOverFlags & { readonly wait: number }

export const resendCommand: CommandFile = (program, start) =>
  takeOverOption(program.command('resend').argument('<contact>', WHO))
    .option('--wait <seconds>', 'how long to try to deliver it now', readSeconds, 30)
    .summary('send again what is gone with a lost data folder of a contact')
    .description(
      'Queues the messages to a contact that were delivered to a data folder which is no more. Be sure that it is still the contact who answers there: whoever has stolen the keys of a device would get what was said before.',
    )
    .addHelpText('after', '\nExample:\n  handfast resend Bob')
    .action((contact: string, flags: Flags) => start((context) => resend(context, contact, flags)))

const resend = async (context: Context, contact: string, { wait, takeOver }: Flags): Promise<number> => {
  const { folder, emit } = context
  const address = await resolveContact(folder, contact)
  await deliverNow(context, {
    ...{ address, wait, open: () => openQuietPeer(context, { takeOver }) },
    write: async (peer) => {
      const queued = await peer.messages.resend(address)
      await emit({ event: 'resent', peer: address, messages: queued.length })
    },
  })
  return EXIT.done
}

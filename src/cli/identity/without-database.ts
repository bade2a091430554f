import { UsageError } from '../../core/errors.ts'
import type { Context } from '../context.ts'
import { reasonOf } from '../output/failure.ts'

/**
 * `--without-database`: goes on with an identity whose database is lost, once, before the command does what it is there for.
 * @throws UsageError ERR_USAGE when nothing is lost: a flag that stays in a script would hide the next loss; StoreError
 */
export const goOnWithout = async ({ folder, passphrases, emit }: Context): Promise<void> => {
  const { goOnWithoutDatabase } = await import('../../store/lost-database.ts')
  const done = await goOnWithoutDatabase(folder, { passphrase: passphrases.current })
  if (done === null)
    throw new UsageError('ERR_USAGE', { hint: 'the database is there: leave --without-database out, nothing was done' })
  await emit({ event: 'without-database', folder, aside: done.aside, ...reasonOf(done.error) })
}

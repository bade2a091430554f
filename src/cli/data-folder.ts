import { isAbsolute, join, win32 } from 'node:path'

/** Where an identity lives when the command line does not say where. */

export type Surroundings = {
  readonly platform: NodeJS.Platform
  /** absolute; '' for none */
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** A folder; '' where there is none, with what is to be done about it. */
export type DefaultFolder = { readonly folder: string; readonly problem: string }

const NAME = 'handfast'

/**
 * What HANDFAST_FOLDER says, else the user's own data folder as the platform has it. It never depends on where one stands. A variable that is set to
 * nothing counts as not set.
 */
export const defaultFolder = (surroundings: Surroundings): DefaultFolder => {
  const { platform, env } = surroundings
  const isWhole = platform === 'win32' ? win32.isAbsolute : isAbsolute
  const named = env.HANDFAST_FOLDER ?? ''
  if (named !== '')
    return isWhole(named)
      ? { folder: named, problem: '' }
      : { folder: '', problem: 'HANDFAST_FOLDER is no absolute path: make it one, or give --folder' }
  const own = ownFolder(surroundings)
  return isWhole(own)
    ? { folder: own, problem: '' }
    : { folder: '', problem: 'there is no home folder: give --folder, or set HANDFAST_FOLDER' }
}

/** A relative XDG path is to be ignored, says its specification; so is any other. */
const ownFolder = ({ platform, home, env }: Surroundings): string => {
  if (platform === 'win32') {
    const { APPDATA = '' } = env
    return win32.join(win32.isAbsolute(APPDATA) ? APPDATA : win32.join(home, 'AppData', 'Roaming'), NAME)
  }
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', NAME)
  const xdg = env.XDG_DATA_HOME
  return join(xdg && isAbsolute(xdg) ? xdg : join(home, '.local', 'share'), NAME)
}

import { isAbsolute, join } from 'node:path'

/** Where an identity lives when nobody said where. */

export type Surroundings = {
  readonly platform: NodeJS.Platform
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
}

const NAME = 'handfast'

/** The user's own data folder as the platform has it. A relative XDG path is to be ignored, says its specification. */
export const defaultFolder = ({ platform, home, env }: Surroundings): string => {
  if (platform === 'win32') return join(env.APPDATA || join(home, 'AppData', 'Roaming'), NAME)
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', NAME)
  const xdg = env.XDG_DATA_HOME
  return join(xdg && isAbsolute(xdg) ? xdg : join(home, '.local', 'share'), NAME)
}

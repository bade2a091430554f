import { homedir, userInfo } from 'node:os'
import { isAbsolute } from 'node:path'

/**
 * The user's home folder, always an absolute path: where HOME is set to nothing, or to a relative path, the one that the system knows. '' when there
 * is none: a folder must never be relative to where one stands.
 */
export const homeFolder = (): string => [homedir(), systemHome()].find((path) => isAbsolute(path)) ?? ''

const systemHome = (): string => {
  try {
    return userInfo().homedir
  } catch {
    // A user whom the system does not list, as in a container.
    return ''
  }
}

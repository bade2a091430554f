import { InvalidArgumentError } from 'commander'

const PORT_MAX = 65535

/** The value of an option: a UDP or TCP port. @throws InvalidArgumentError */
export const readPort = (text: string): number => {
  if (!/^\d{1,5}$/.test(text) || Number(text) > PORT_MAX)
    throw new InvalidArgumentError(`A port is a number from 0 to ${PORT_MAX}.`)
  return Number(text)
}

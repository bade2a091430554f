import type UDX from 'udx-native'

/** A UDP port of `host` that is free at this moment: somebody else may take it before it is bound again. */
export const freePort = async (udx: UDX, host: string): Promise<number> => {
  const socket = udx.createSocket()
  try {
    socket.bind(0, host)
    return socket.address()?.port ?? 0
  } finally {
    await socket.close()
  }
}

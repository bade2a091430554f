/** A laboratory with a host on which something waits, until it is ended from outside. */

import { spawn } from 'node:child_process'
import { createInternet } from './internet.ts'
import { within } from './namespaces.ts'

const internet = createInternet()
internet.addHost('host')
const [tool, ...argv] = within('host')
spawn(tool, [...argv, 'sleep', 'infinity'], { stdio: 'inherit' })
process.stdout.write('ready\n')
setInterval(() => {}, 60_000)

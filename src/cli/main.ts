#!/usr/bin/env node
// What may begin the process anew comes before everything there is to load.
import './fresh-process.ts'

await import('./command-line.ts')

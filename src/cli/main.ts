#!/usr/bin/env node
// What may begin the process anew comes before everything there is to load.
import './node/small-heap.ts'

await import('./command-line.ts')

#!/usr/bin/env node
const { pathToFileURL } = require('node:url')
const { locate, nodeComplaint } = require('./load.cjs')

/** The command `handfast`. */

const complaint = nodeComplaint()
if (complaint === undefined) void import(pathToFileURL(locate('cli/main')).href)
else {
  process.stderr.write(`${complaint}\n`)
  process.exitCode = 1
}

#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import path from 'node:path'

// Half of a short command's time is the compilation of the same source. The cache is the user's own: one in a directory
// that others can write to could be theirs. Threads find it by the environment.
const { directory } = enableCompileCache(path.join(homedir(), '.cache', 'ferrite'))
if (directory !== undefined) process.env['NODE_COMPILE_CACHE'] ??= directory
const { run } = await import('./run.ts')

process.exitCode = await run(process.argv.slice(2))

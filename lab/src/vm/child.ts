import { existsSync } from 'node:fs'

const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((file) => existsSync(file))

/** Words before a command so that the kernel kills it when we die, however we die: nothing is left behind. */
export const diesWithUs: readonly string[] = setpriv ? [setpriv, '--pdeathsig', 'KILL'] : []

import { readFile } from 'node:fs/promises'
import { version } from '@ferrite/shared/version'
import type { ProfileName } from '../profile.ts'
import { ownFile } from './base-tree.ts'
import type { Bundle } from './bundle.ts'
import { certificatesIn, keysIn } from './given-files.ts'
import { ImageTree } from './tree.ts'

export type AgentTreeOptions = {
  profile: ProfileName
  bundle: Bundle
  epochSeconds: number
  caCerts: readonly string[]
  authorizedKeys?: string | undefined
}

const accounts = 'root:x:0:0:root:/root:/bin/sh\n'
const groups = 'root:x:0:\ntty:x:5:\ndisk:x:6:\nkmem:x:15:\n'

/** What changes often: the agent, how it is started, and what an operator gave. */
export async function agentTree(options: AgentTreeOptions): Promise<ImageTree> {
  const { profile, bundle, epochSeconds, caCerts, authorizedKeys } = options
  const tree = new ImageTree()
  const origin = 'ferrite'
  tree.file('init', await ownFile('init'), { mode: 0o755, origin })
  tree.file('etc/inittab', await ownFile('inittab'), { origin })
  for (const name of ['start', 'network', 'dhcp', 'supervise']) {
    tree.file(`etc/ferrite/${name}`, await ownFile(name), { mode: 0o755, origin })
  }
  const rules = '61-boot-media.rules'
  tree.file(`usr/lib/udev/rules.d/${rules}`, await ownFile(rules), { origin })
  tree.file('etc/ferrite/build', `FERRITE_BUILD='${version} ${profile}'\nFERRITE_EPOCH=${epochSeconds}\n`, { origin })
  tree.file('etc/passwd', accounts, { origin })
  tree.file('etc/group', groups, { origin })
  tree.file('etc/hosts', '127.0.0.1 localhost\n::1 localhost\n', { origin })
  for (const { name, code } of bundle) tree.file(`usr/lib/ferrite/${name}`, code, { origin })
  tree.file('usr/sbin/ntpdate', '#!/bin/sh\nexec node /usr/lib/ferrite/ntpdate.mjs "$@"\n', { mode: 0o755, origin })

  const certificates = await Promise.all(
    caCerts.map(async (file) => certificatesIn(await readFile(file, 'utf8'), file)),
  )
  if (certificates.length > 0) tree.file('etc/ferrite/ca.pem', certificates.join(''), { origin: 'operator' })
  tree.file('etc/ferrite/params', certificates.length > 0 ? 'ferrite-ca-file=/etc/ferrite/ca.pem\n' : '\n', { origin })
  if (authorizedKeys !== undefined) {
    const keys = keysIn(await readFile(authorizedKeys, 'utf8'), authorizedKeys)
    tree.directory('root', 0o700)
    tree.directory('root/.ssh', 0o700)
    tree.file('root/.ssh/authorized_keys', keys, { mode: 0o600, origin: 'operator' })
    tree.file('etc/shells', '/bin/sh\n', { origin })
  }
  return tree
}

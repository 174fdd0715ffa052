import { createHash, randomBytes } from 'node:crypto'
import { sha512Crypt } from '@ferrite/shared/sha512-crypt'

/** A password as /etc/shadow keeps it, with a salt of chance. */
export const hashPassword = (password: string): string =>
  sha512Crypt(password, {
    salt: randomBytes(16),
    sha512: (...parts) => {
      const hash = createHash('sha512')
      for (const part of parts) hash.update(part)
      return hash.digest()
    },
  })

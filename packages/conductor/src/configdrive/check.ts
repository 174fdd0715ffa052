import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { Fault } from '@ferrite/shared/fault'
import { MiB } from '@ferrite/shared/units'

const unzip = promisify(gunzip)
/** What agents reserve for the config drive's partition. */
const largest = 64 * MiB

/**
 * Makes sure that a config drive given as text is one an agent can use: an http(s) URL, or base64 of gzip of at most
 * 64 MiB. Fault configdrive_invalid says what is wrong with it, without quoting it.
 */
export async function checkConfigdrive(configdrive: string): Promise<void> {
  if (configdrive.includes('://')) return checkUrl(configdrive)
  const text = configdrive.replace(/\s+/g, '')
  if (text === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) {
    throw new Fault('configdrive_invalid', 'the config drive is neither an http(s) URL nor base64 of a gzip file')
  }
  if (text.length > (largest / 3) * 4) throw tooLarge()
  try {
    await unzip(Buffer.from(text, 'base64'), { maxOutputLength: largest })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge()
    throw new Fault('configdrive_invalid', 'the config drive is base64, but what it holds is not a whole gzip file', {
      cause,
    })
  }
}

function checkUrl(text: string): void {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new Fault('configdrive_invalid', 'the config drive’s URL must be one of http or https')
  }
}

const tooLarge = (): Fault => new Fault('configdrive_invalid', 'the config drive is larger than 64 MiB')

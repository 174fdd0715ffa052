import type { CommandSettings } from './commands/command.ts'
import { fileText } from './config.ts'
import type { AgentConfig } from './config.ts'
import type { WriteLimits } from './image/request.ts'

/** What commands need to know of the parameters. */
export function settingsFrom(config: AgentConfig): CommandSettings {
  const ca = config['ferrite-ca-file']
  return {
    ignoreBootloaderFailure: config['ipa-ignore-bootloader-failure'],
    ntpServer: config['ipa-ntp-server'],
    insecure: config['ipa-insecure'],
    limits: given({
      connectTimeoutMs: config['ipa-image-download-connection-timeout'],
      maxFruitlessAttempts: config['ipa-image-download-connection-retries'],
      stallTimeoutMs: config['ferrite-stall-timeout'],
      retryPauseMs: config['ipa-image-download-connection-retry-interval'],
      totalTimeoutMs: config['ipa-image-download-max-duration'],
    }),
    ...(ca === undefined ? {} : { ca: fileText(ca) }),
  }
}

const given = (limits: { [K in keyof WriteLimits]?: number | undefined }): Partial<WriteLimits> =>
  Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined))

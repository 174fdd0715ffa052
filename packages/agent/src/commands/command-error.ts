import type { CommandError } from '@ferrite/shared/contracts/agent-api'
import { explain, isFault } from '@ferrite/shared/fault'
import type { FaultCode } from '@ferrite/shared/fault'
import { maskedText } from '@ferrite/shared/redact'

type Kind = Pick<CommandError, 'type' | 'code' | 'message'>

const download = { type: 'ImageDownloadError', code: 500, message: 'Error downloading image' }
const checksum = { type: 'ImageChecksumError', code: 500, message: 'Error verifying image checksum' }
const write = { type: 'ImageWriteError', code: 500, message: 'Error writing image to device' }
const deployment = { type: 'DeploymentError', code: 500, message: 'Deploy step failed' }

const params = { type: 'InvalidCommandParamsError', code: 400, message: 'Invalid command parameters' }

/** Names of ironic-python-agent's errors, which conductors and their operators know. */
const kinds: Partial<Record<FaultCode, Kind>> = {
  invalid: params,
  // Partition images and proxies: said plainly, not as an accident of the step.
  unsupported: params,
  image_unreachable: download,
  image_refused: download,
  image_stalled: download,
  image_truncated: download,
  image_changed: download,
  image_digest_mismatch: checksum,
  checksum_unavailable: checksum,
  image_too_large: write,
  disk_failed: write,
  disk_verify_failed: write,
  image_format_refused: { type: 'InvalidImage', code: 500, message: 'The provided image is not valid for use' },
  disk_not_found: {
    type: 'DeviceNotFound',
    code: 404,
    message: 'Error finding the disk or partition device to deploy the image onto',
  },
  disk_in_use: deployment,
  partition_table_invalid: deployment,
  configdrive_invalid: deployment,
  deployment_failed: deployment,
  servicing_failed: { type: 'ServicingError', code: 500, message: 'Service step failed' },
  cleaning_failed: { type: 'CleaningError', code: 500, message: 'Clean step failed' },
  erase_failed: { type: 'BlockDeviceEraseError', code: 500, message: 'Error erasing block device' },
  step_not_found: {
    type: 'HardwareManagerMethodNotFound',
    code: 500,
    message: 'No HardwareManager found to handle method',
  },
  version_mismatch: {
    type: 'VersionMismatch',
    code: 409,
    message: 'Hardware managers version mismatch, reload agent with correct version',
  },
  wrong_arguments: { type: 'TypeError', code: 500, message: 'Wrong arguments for the command' },
}

const unexpected: Kind = { type: 'CommandExecutionError', code: 500, message: 'Command execution failed' }

/** An error as the wire names it; the details are the whole chain of causes, without secrets. */
export function commandError(error: unknown): CommandError {
  const kind = (isFault(error) ? kinds[error.code] : undefined) ?? unexpected
  return { ...kind, details: maskedText(explain(error)) }
}

/** True for errors that the conductor knows by a type of their own. */
export const isTyped = (error: unknown): boolean => isFault(error) && kinds[error.code] !== undefined

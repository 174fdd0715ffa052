import { Fault } from '@ferrite/shared/fault'

/** What ipmitool's words mean. `sent`: the order may have been carried out all the same. */
type Meaning = { says: RegExp; reason: Reason; why: string; retry?: true }
type Reason = 'credentials' | 'cipher' | 'privilege' | 'busy' | 'unsupported' | 'kg_key'

// The first row that matches counts: what comes first is more exact than what comes after.
// oxfmt-ignore
const meanings: readonly Meaning[] = [
  { says: /RAKP 2 HMAC is invalid/i,                       reason: 'credentials', why: 'the password is wrong (ipmi_password)' },
  { says: /unauthorized name/i,                            reason: 'credentials', why: 'it does not know the user (ipmi_username)' },
  // It has opened the session before, so it is there.
  { says: /no response from RAKP 1 message/i,              reason: 'credentials', why: 'it opens a session and then says nothing to the user’s name, as some do that do not know it (ipmi_username)' },
  { says: /unauthorized role|Invalid role|insufficient privilege|Privilege Level.*(invalid|exceeds)|unauthorized.*privilege/i,
                                                           reason: 'privilege',   why: 'the user may not do that (ipmi_priv_level, or the user’s rights)' },
  { says: /RAKP 4 message has invalid integrity|RAKP 4 HMAC|Kg/,
                                                           reason: 'kg_key',      why: 'its key does not match (ipmi_hex_kg_key)' },
  { says: /(authentication|integrity|encryption|confidentiality) algorithm 0x[0-9a-f]+ is not what we requested/i,
                                                           reason: 'cipher',      why: 'it answers with another cipher suite than it was asked for (ipmi_cipher_suite)' },
  { says: /no matching cipher suite|invalid (authentication|integrity|confidentiality) algorithm|no cipher suite match/i,
                                                           reason: 'cipher',      why: 'it does not have the cipher suite (ipmi_cipher_suite)' },
  { says: /insufficient resources|out of (space|resources)|no slot|maximum.*sessions/i,
                                                           reason: 'busy',        why: 'all its sessions are taken', retry: true },
  { says: /node busy|BMC (initialization|firmware update)|SDR.*update|device.*unavailable|command response could not be provided/i,
                                                           reason: 'busy',        why: 'it is busy', retry: true },
  { says: /invalid command|command not supported|not supported in present state|invalid data field|parameter.*(not supported|out of range)|unspecified error/i,
                                                           reason: 'unsupported', why: 'it does not do that' },
]

/** Why ipmitool failed, as a Fault: bmc_unreachable when the BMC said nothing, else bmc_refused with `reason` and `retry`. */
export function refusalOf(output: string, address: string, what: string): Fault {
  const meaning = meanings.find(({ says }) => says.test(output))
  if (meaning) {
    const { reason, why, retry = false } = meaning
    return new Fault('bmc_refused', `the BMC ${address} refuses to ${what}: ${why}`, { reason, again: retry })
  }
  if (
    /Unable to establish|Get Auth Capabilities error|No response|Error issuing Get Channel|timeout|Session timed out/i.test(
      output,
    )
  ) {
    return new Fault('bmc_unreachable', `no answer from the BMC ${address} when asked to ${what}`)
  }
  if (/Address lookup for|Could not open socket|Name or service not known/i.test(output)) {
    return new Fault('bmc_unreachable', `the BMC’s address ${address} cannot be reached or is no address`)
  }
  const said = lastWords(output)
  return new Fault('bmc_refused', `the BMC ${address} refuses to ${what}${said && `: ${said}`}`, { reason: 'unknown' })
}

/** The last line that is not chatter of ipmitool's. */
function lastWords(output: string): string {
  const chatter = /^(Loading IANA|Running Get|Invalid completion code|Discovered IPMB|Get HPM|RAW (REQ|RSP)|\s)/
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !chatter.test(line))
  return (lines.at(-1) ?? '').slice(0, 200)
}

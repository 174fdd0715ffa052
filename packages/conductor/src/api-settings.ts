import { z } from 'zod'
import { bool, names, oneOrMore, rate, seconds } from './setting-types.ts'

export const authModes = ['noauth', 'http_basic', 'token', 'keystone'] as const

const file = z.string().optional()

/** Settings of who may call the API, how often, and how it is carried. */
export const apiSettings = {
  auth: oneOrMore(authModes, ['noauth']).describe(
    'How callers of the operators’ API show who they are: noauth, or any of http_basic, token, keystone.',
  ),
  http_basic_file: file.describe('Users of http_basic: a file as htpasswd -B writes it (bcrypt).'),
  http_basic_role: z
    .enum(['admin', 'manager', 'member', 'reader'])
    .default('admin')
    .describe('System role of every user of http_basic.'),
  keystone_url: z
    .url()
    .optional()
    .describe('Identity service that validates tokens, for example https://keystone:5000.'),
  keystone_ca: file.describe('CA certificates of the identity service, PEM; default: those of the system.'),
  keystone_user: z.string().default('ironic').describe('User with which tokens are validated.'),
  keystone_password_file: file.describe('File that holds this user’s password.'),
  keystone_project: z.string().default('service').describe('Project of this user; also that of trusted services.'),
  keystone_service_access: bool(false).describe(
    'Let the service role in keystone_project read and change every node, as on the whole system.',
  ),
  keystone_domain: z.string().default('Default').describe('Domain of this user and project.'),
  keystone_cache: seconds(300).describe('Seconds a validated token is believed without asking again.'),
  project_admin_can_manage_own_nodes: bool(true).describe(
    'Admins of a project may enrol nodes that their project owns, and delete them.',
  ),
  tls_cert: file.describe('Certificate chain of the operators’ API, PEM; with tls_key it speaks https only.'),
  tls_key: file.describe('Private key of tls_cert, PEM.'),
  ramdisk_tls_cert: file.describe('Certificate chain of the ramdisks’ API, PEM.'),
  ramdisk_tls_key: file.describe('Private key of ramdisk_tls_cert, PEM.'),
  tls_min_version: z.enum(['1.2', '1.3']).default('1.2').describe('Oldest TLS version that both APIs speak.'),
  insecure_plain_http: bool(false).describe(
    'Let credentials travel over plain http on an address that is not loopback.',
  ),
  trusted_proxies: names([]).describe(
    'Networks (CIDR) of proxies whose X-Forwarded-For, -Proto and -Host are believed; from others they are ignored.',
  ),
  rate_limit_logins: rate(5).describe('Failed logins a minute and source before 429; 0 is no limit.'),
  rate_limit_writes: rate(5000).describe('Changing requests a second and caller before 429; 0 is no limit.'),
  rate_limit_lists: rate(500).describe('Lists a second and caller before 429; 0 is no limit.'),
  rate_limit_lookups: rate(5000).describe('Lookups a second and source before 429; 0 is no limit.'),
  rate_limit_heartbeats: rate(10_000).describe('Heartbeats a second and source before 429; 0 is no limit.'),
  rate_limit_bad_tokens: rate(60).describe(
    'Refused agent tokens a minute and source before its heartbeats get 429; 0 is no limit.',
  ),
  overload_delay: seconds(3).describe(
    'Seconds that requests may wait inside before heartbeats and lookups are put off with 503; lists at twice, others at five times that; 0 is never.',
  ),
}

import { z } from 'zod'
import { headerName, hostPattern, networkRange, secret, serverUrl, setting, timeout } from '../setting.ts'

/** Originals over http and https. */
export const httpSource = z.strictObject({
  type: z.literal('http'),
  allow: setting(z.array(hostPattern()).default([]), {
    doc: 'Hosts that may be fetched: exact names or `*.example.org`. Empty: every public host.',
    reload: 'restart',
    thumbor: 'ALLOWED_SOURCES',
  }),
  allowPrivate: setting(z.array(networkRange()).default([]), {
    doc: 'Private address ranges (CIDR) that may be reached all the same. Default none.',
    reload: 'restart',
  }),
  connectTimeout: setting(timeout().default(5_000), {
    doc: 'Time to connect to a host.',
    reload: 'restart',
    thumbor: 'HTTP_LOADER_CONNECT_TIMEOUT',
  }),
  timeout: setting(timeout().default(20_000), {
    doc: 'Time for a whole fetch, redirects included.',
    reload: 'restart',
    thumbor: 'HTTP_LOADER_REQUEST_TIMEOUT',
  }),
  maxRedirects: setting(z.int().min(0).max(20).default(5), {
    doc: 'Redirects followed at most; 0 follows none.',
    reload: 'restart',
    thumbor: 'HTTP_LOADER_MAX_REDIRECTS',
  }),
  userAgent: setting(z.string().min(1).default('imgsvc'), {
    doc: 'User-Agent of the fetches.',
    reload: 'restart',
    thumbor: 'HTTP_LOADER_DEFAULT_USER_AGENT',
  }),
  maxFetches: setting(z.int().min(1).max(10_000).default(256), {
    doc: 'Fetches at once per worker; more wait, within their `timeout`.',
    reload: 'restart',
    thumbor: 'HTTP_LOADER_MAX_CLIENTS',
  }),
  scheme: setting(z.enum(['http', 'https', 'https-only']).default('http'), {
    doc: 'What is put before addresses without a scheme. `https-only` refuses http:// as well, in redirects too.',
    reload: 'restart',
  }),
  forwardUserAgent: setting(z.boolean().default(false), {
    doc: "Send the client's User-Agent instead of `userAgent`.",
    reload: 'restart',
    thumbor: 'HTTP_LOADER_FORWARD_USER_AGENT',
  }),
  forwardHeaders: setting(z.array(headerName()).default([]), {
    doc: "Headers of the client that are sent along, to the first host alone, not where redirects lead. A picture fetched with one of them is this client's: neither it nor its original is kept or shared.",
    reload: 'restart',
    thumbor: 'HTTP_LOADER_FORWARD_HEADERS_WHITELIST',
  }),
  forwardAllHeaders: setting(z.boolean().default(false), {
    doc: 'Send all headers of the client along, but for those about its connection, its copy and its body, and Host. With Authorization or Cookie among them the picture is this client’s alone, as with `forwardHeaders`.',
    reload: 'restart',
    thumbor: 'HTTP_LOADER_FORWARD_ALL_HEADERS',
  }),
  proxy: setting(serverUrl().default(''), {
    doc: 'Proxy that fetches go through, such as http://10.0.0.1:3128. It resolves the names: refuse private addresses there too.',
    reload: 'restart',
    thumbor: 'HTTP_LOADER_PROXY_HOST',
  }),
  proxyUser: setting(z.string().default(''), {
    doc: 'User name for the proxy.',
    reload: 'restart',
    thumbor: 'HTTP_LOADER_PROXY_USERNAME',
  }),
  proxyPassword: setting(secret().default(''), {
    doc: 'Password for the proxy.',
    reload: 'restart',
    secret: true,
    thumbor: 'HTTP_LOADER_PROXY_PASSWORD',
  }),
  caCerts: setting(z.string().min(1).optional(), {
    doc: 'File of certificates (PEM) that are trusted beside the usual ones.',
    reload: 'restart',
    path: true,
    thumbor: 'HTTP_LOADER_CA_CERTS',
  }),
  validateCerts: setting(z.boolean().default(true), {
    doc: 'Check the certificates of https hosts. Switched off, whoever is on the way can send any picture.',
    reload: 'restart',
    thumbor: 'HTTP_LOADER_VALIDATE_CERTS',
  }),
  clientCert: setting(z.string().min(1).optional(), {
    doc: 'File of the certificate (PEM) shown to https hosts that ask for one.',
    reload: 'restart',
    path: true,
    thumbor: 'HTTP_LOADER_CLIENT_CERT',
  }),
  clientKey: setting(z.string().min(1).optional(), {
    doc: 'File of its private key (PEM).',
    reload: 'restart',
    path: true,
    thumbor: 'HTTP_LOADER_CLIENT_KEY',
  }),
})

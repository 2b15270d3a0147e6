/** Certificates that are another's, in the forms in which Node tells of them. */
import { expect, it } from 'vitest';
import { certificateText } from '../../../src/transport/client/certificate.ts';

function mismatch(cert: object): Error {
  return Object.assign(new Error("Hostname/IP does not match certificate's altnames: "), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    host: '192.0.2.1',
    cert,
  });
}

it.each([
  [
    { subjectaltname: 'IP Address:198.51.100.1, DNS:*.dns.example, DNS:dns.example' },
    'the certificate is for *.dns.example, dns.example, 198.51.100.1, not for 192.0.2.1: tls_servername dns.example',
  ],
  [
    { subjectaltname: 'DNS:a.example, DNS:b.example, DNS:c.example, DNS:d.example' },
    'the certificate is for a.example, b.example, c.example, …, not for 192.0.2.1: tls_servername a.example',
  ],
  [{ subjectaltname: 'DNS:*.example' }, 'the certificate is for *.example, not for 192.0.2.1: tls_servername NAME'],
  [
    { subject: { CN: 'old.example' } },
    'the certificate is for old.example, not for 192.0.2.1: tls_servername old.example',
  ],
  [{ subjectaltname: 'URI:x', subject: {} }, 'the certificate bears no name, and so not 192.0.2.1'],
])('%o', (cert, text) => {
  expect(certificateText(mismatch(cert))).toBe(text);
});

it.each([new Error('socket hang up'), Object.assign(new Error('reset'), { code: 'ECONNRESET' })])(
  'nothing is said of %s',
  (error) => {
    expect(certificateText(error)).toBeUndefined();
  },
);

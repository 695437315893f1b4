import type { RequestCase } from './request-case.js';
import { H, hosted, started, withLines } from './request-case.js';

/** The Host line, and targets of another host. */
export const HOSTS: readonly RequestCase[] = [
  ['no host', 'GET / HTTP/1.1\r\n\r\n', 'hostMissing'],
  ['two hosts', withLines('Host: b.example\r\n'), 'hostRepeated'],
  ['the same host twice', withLines(H), 'hostRepeated'],
  ['two hosts in HTTP/1.0', withLines('Host: b.example\r\n', 'GET / HTTP/1.0'), 'hostRepeated'],
  ['an empty host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n', 'hostInvalid'],
  ['a host with a path and a user', hosted('a/b@c'), 'hostInvalid'],
  ['a host with a user', hosted('u@a.example'), 'hostInvalid'],
  ['a list of hosts', hosted('a.example, b.example'), 'hostInvalid'],
  ['a host with a space', hosted('a b'), 'hostInvalid'],
  ['a host with a query', hosted('a?b'), 'hostInvalid'],
  ['a host with an escape', hosted('a%2eexample'), 'hostInvalid'],
  ['a host with two ports', hosted('a:80:81'), 'hostInvalid'],
  ['a port of letters', hosted('a:b'), 'hostInvalid'],
  ['a port beyond 65535', hosted('a:65536'), 'hostInvalid'],
  ['an empty port', hosted('a:'), 'hostInvalid'],
  ['an IPv6 host that is none', hosted('[::1::2]'), 'hostInvalid'],
  ['an IPv6 host without its end', hosted('[::1'), 'hostInvalid'],
  ['an IPv6 host with a zone', hosted('[fe80::1%25eth0]'), 'hostInvalid'],
  ['a bare IPv6 host', hosted('::1'), 'hostInvalid'],
  ['a host of dots', hosted('..'), 'hostInvalid'],
  ['a scheme in the host', hosted('http://a.example'), 'hostInvalid'],
  ['a host of 300 characters', hosted('a'.repeat(300)), 'hostInvalid'],
  ['an absolute target of another host', started('GET http://b.example/ HTTP/1.1'), 'hostMismatch'],
  [
    'an absolute target of another port',
    started('GET http://a.example:81/ HTTP/1.1'),
    'hostMismatch',
  ],
  [
    'an absolute target with a user',
    started('GET http://a.example@b.example/ HTTP/1.1'),
    'hostInvalid',
  ],
  ['an absolute target without a host', started('GET http:///x HTTP/1.1'), 'hostInvalid'],
];

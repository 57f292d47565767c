/**
 * @module
 * How long egress waits for what, and how much of everything one sandbox may have.
 */

export interface EgressTiming {
  /** For one address of a host to answer. */
  readonly connectMs: number;
  /** For a host in all: its name, and one address after the other; not the questions about them. */
  readonly dialMs: number;
  /** For the program to use what was dialled for it. */
  readonly untakenMs: number;
  /** For the next datagram between a program and its partner. */
  readonly udpIdleMs: number;
  /** The same where all there was is one datagram and its answers, as with NTP and the like. */
  readonly udpAnsweredMs: number;
}

export const defaultTiming: EgressTiming = {
  connectMs: 10_000,
  dialMs: 30_000,
  untakenMs: 10_000,
  udpIdleMs: 60_000,
  udpAnsweredMs: 10_000,
};

export const maxEndpoints = 4_096;
export const maxTcpConnections = 1_024;
export const maxUdpPartners = 256;
export const maxForwardedConnections = 256;

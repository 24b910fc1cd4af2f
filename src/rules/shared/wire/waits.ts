/** What shows that QEMU goes on without having waited until a vhost-user backend logs. */

/**
 * What only the same log start or device start goes on with. Anything else may come after a
 * disconnect that the capture does not show: stop, reconnect, and start begin with other requests.
 */
export const GOES_ON: Readonly<Record<string, readonly string[]>> = {
  SET_FEATURES: ['GET_STATUS', 'SET_VRING_ADDR', 'SET_VRING_NUM', 'SET_VRING_BASE'],
  SET_VRING_ADDR: ['SET_VRING_ADDR', 'SET_VRING_KICK'],
};

/** What is missing where the reply to a later request has come. */
export const IN_TURN =
  'whether the backend handles requests one after the other: then the reply to GET_STATUS shows that it logs';

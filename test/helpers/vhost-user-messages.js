/**
 * vhost-user messages as bytes, and bytes as strace prints them; written from the protocol's document
 * and from strace's string_quote() alone.
 */
import fc from 'fast-check';
const STATE = [
    ['index', 4],
    ['num', 4],
];
const U64 = [['u64', 8]];
const LOG = [
    ['mmap_size', 8],
    ['mmap_offset', 8],
];
const REGION = [
    ['guest_phys_addr', 8],
    ['memory_size', 8],
    ['userspace_addr', 8],
    ['mmap_offset', 8],
];
const MEM_REG = [['-padding', 8], ...REGION];
const MEM_TABLE = [
    ['nregions', 4],
    ['-padding', 4],
    ...[0, 1].flatMap((i) => REGION.map(([name, bytes]) => [`regions[${i}].${name}`, bytes])),
];
const VRING_ADDR = [
    ['index', 4],
    ['flags', 4],
    ['desc_user_addr', 8],
    ['used_user_addr', 8],
    ['avail_user_addr', 8],
    ['log_guest_addr', 8],
];
const INFLIGHT = [
    ['mmap_size', 8],
    ['mmap_offset', 8],
    ['num_queues', 2],
    ['queue_size', 2],
];
const IOTLB = [
    ['iova', 8],
    ['size', 8],
    ['uaddr', 8],
    ['perm', 1],
    ['type', 1],
    ['-padding', 6],
];
/** Requests of the frontend, with the payload that it sends. */
export const known = [
    [1, 'GET_FEATURES', []],
    [2, 'SET_FEATURES', U64],
    [3, 'SET_OWNER', []],
    [4, 'RESET_OWNER', []],
    [5, 'SET_MEM_TABLE', MEM_TABLE],
    [6, 'SET_LOG_BASE', LOG],
    [7, 'SET_LOG_FD', []],
    [8, 'SET_VRING_NUM', STATE],
    [9, 'SET_VRING_ADDR', VRING_ADDR],
    [10, 'SET_VRING_BASE', STATE],
    [11, 'GET_VRING_BASE', STATE],
    [12, 'SET_VRING_KICK', [['word', 8]]],
    [13, 'SET_VRING_CALL', [['word', 8]]],
    [14, 'SET_VRING_ERR', [['word', 8]]],
    [15, 'GET_PROTOCOL_FEATURES', []],
    [16, 'SET_PROTOCOL_FEATURES', U64],
    [17, 'GET_QUEUE_NUM', []],
    [18, 'SET_VRING_ENABLE', STATE],
    [19, 'SEND_RARP', U64],
    [20, 'NET_SET_MTU', U64],
    [21, 'SET_BACKEND_REQ_FD', []],
    [22, 'IOTLB_MSG', IOTLB],
    [23, 'SET_VRING_ENDIAN', STATE],
    [24, 'GET_CONFIG', [['-config', 72]]],
    [25, 'SET_CONFIG', [['-config', 13]]],
    [26, 'CREATE_CRYPTO_SESSION', [['-session', 1048]]],
    [27, 'CLOSE_CRYPTO_SESSION', U64],
    [28, 'POSTCOPY_ADVISE', []],
    [29, 'POSTCOPY_LISTEN', []],
    [30, 'POSTCOPY_END', []],
    [31, 'GET_INFLIGHT_FD', INFLIGHT],
    [32, 'SET_INFLIGHT_FD', [...INFLIGHT, ['-padding', 4]]],
    [33, 'GPU_SET_SOCKET', []],
    [34, 'RESET_DEVICE', []],
    [35, 'VRING_KICK', STATE],
    [36, 'GET_MAX_MEM_SLOTS', []],
    [37, 'ADD_MEM_REG', MEM_REG],
    [38, 'REM_MEM_REG', MEM_REG],
    [39, 'SET_STATUS', U64],
    [40, 'GET_STATUS', []],
    [41, 'GET_SHARED_OBJECT', [['-uuid', 16]]],
    [
        42,
        'SET_DEVICE_STATE_FD',
        [
            ['direction', 4],
            ['phase', 4],
        ],
    ],
    [43, 'CHECK_DEVICE_STATE', []],
].map(([id, name, layout]) => ({ id, name, layout }));
function integers(layout) {
    return fc.tuple(...layout.map(([member, bytes]) => {
        if (member === 'nregions')
            return fc.constant(2n);
        return fc.bigInt({ min: 0n, max: 2n ** BigInt(8 * Math.min(bytes, 8)) - 1n });
    }));
}
export const sampleMessage = fc
    .constantFrom(...known)
    .chain((request) => fc.record({
    request: fc.constant(request),
    needReply: fc.boolean(),
    values: integers(request.layout),
}));
/** The integers little-endian, one behind the other. */
export function littleEndian(...parts) {
    return parts.flatMap(([value, bytes]) => Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn)));
}
export function payloadBytes({ request, values }) {
    return littleEndian(...request.layout.map(([, bytes], i) => [values[i] ?? 0n, bytes]));
}
export function headerBytes(id, flags, size) {
    return littleEndian([BigInt(id), 4], [BigInt(flags), 4], [BigInt(size), 4]);
}
/** What the payload must read as: every member as a number. */
export function expectedPayload({ request, values, }) {
    if (request.layout[0]?.[0] === 'word') {
        const word = values[0] ?? 0n;
        return { index: word & 0xffn, nofd: (word >> 8n) & 1n };
    }
    const members = request.layout.map(([member], i) => [member, values[i] ?? 0n]);
    return Object.fromEntries(members.filter(([member]) => !member.startsWith('-')));
}
const NAMED = new Map([
    [12, '\\f'],
    [10, '\\n'],
    [13, '\\r'],
    [9, '\\t'],
    [11, '\\v'],
    [34, '\\"'],
    [92, '\\\\'],
]);
/** The bytes as strace prints them with `-s max`. */
export function printString(bytes, quoting, max = Infinity) {
    const shown = bytes.slice(0, max);
    const end = bytes.length > max ? '"...' : '"';
    const odd = (byte) => byte > 126 || (byte < 32 && (byte < 9 || byte > 13));
    if (quoting === 'xx' || (quoting === 'x' && shown.some(odd))) {
        return `"${shown.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}${end}`;
    }
    return `"${shown.map((byte, i) => printByte(byte, shown[i + 1])).join('')}${end}`;
}
// A digit behind an octal escape would belong to it: then all three digits are printed.
function printByte(byte, next) {
    const named = NAMED.get(byte);
    if (named !== undefined)
        return named;
    if (byte >= 32 && byte <= 126)
        return String.fromCharCode(byte);
    const digitFollows = next !== undefined && next >= 48 && next <= 55;
    return `\\${byte.toString(8).padStart(digitFollows ? 3 : 1, '0')}`;
}

"""What a comb looks up, on any interpreter; `crypto_comb` has it in native code and says what is asked for."""

_TWICE_P = (1 << 256) - 38


def read_columns(signs, columns):
    number = int.from_bytes(signs, "little")
    for column in range(64):
        digit = 0
        for row in range(4):
            digit |= (number >> (column + 64 * row) & 1) << row
        columns[column] = digit


def take(_i, _chosen, _source, entry, table, start, digit):
    is_minus = digit < 8
    at = start + 96 * (7 - digit if is_minus else digit - 8)
    found = table[at : at + 96]
    if is_minus:
        turned = _TWICE_P - int.from_bytes(found[64:], "little")
        found = found[32:64] + found[:32] + turned.to_bytes(32, "little")
    entry[:96] = found

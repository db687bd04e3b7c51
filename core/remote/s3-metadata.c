/* SPDX-License-Identifier: MIT */
#include "core/remote/s3-metadata.h"

#include <stdio.h>
#include <string.h>

#include "core/remote/iso-time.h"

enum { NANO_DIGITS = 9, SECONDS_DIGITS_MAX = 12, NANO = 1000000000 };

/* Decimal or octal digits up to the end or `stop`; false for none, too many, or others. */
static bool parse_digits(
    const char *text, const char *stop, unsigned base, uint64_t most, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (text == stop)
        return false;
    for (; text != stop; text++) {
        if (*text < '0' || *text >= (char)('0' + base))
            return false;
        value = value * base + (uint64_t)(*text - '0');
        if (value > most)
            return false;
    }
    *ret_value = value;
    return true;
}

static bool parse_whole(const char *text, unsigned base, uint64_t most, uint64_t *ret_value)
{
    return parse_digits(text, text + strlen(text), base, most, ret_value);
}

/* The digits behind the point, cut to nanoseconds. */
static bool parse_fraction(const char *text, long *ret_nanoseconds)
{
    long value = 0;
    unsigned digits = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        if (digits < NANO_DIGITS) {
            value = value * 10 + (*text - '0');
            digits++;
        }
    if (*text != '\0')
        return false;
    for (; digits < NANO_DIGITS; digits++)
        value *= 10;
    *ret_nanoseconds = value;
    return true;
}

bool s3_metadata_parse_time(const char *text, struct timespec *ret_time)
{
    bool negative = text[0] == '-';
    const char *start = text + negative;
    const char *end = start + strspn(start, "0123456789");
    uint64_t seconds;
    long nanoseconds = 0;
    if (end - start > SECONDS_DIGITS_MAX || !parse_digits(start, end, 10, INT64_MAX / 16, &seconds) ||
        (*end != '\0' && *end != '.') || (*end == '.' && !parse_fraction(end + 1, &nanoseconds)))
        return iso_time_parse(text, ret_time);
    *ret_time = (struct timespec){ .tv_sec = (time_t)seconds, .tv_nsec = nanoseconds };
    if (negative) { /* -1.25 is 1.25 s before the epoch */
        ret_time->tv_sec = -ret_time->tv_sec - (nanoseconds > 0);
        ret_time->tv_nsec = nanoseconds > 0 ? NANO - nanoseconds : 0;
    }
    return true;
}

void s3_metadata_print_time(const struct timespec *time, char text[S3_TIME_SIZE])
{
    long long seconds = (long long)time->tv_sec;
    long nanoseconds = time->tv_nsec;
    const char *sign = "";
    if (seconds < 0) {
        sign = "-";
        if (nanoseconds > 0) {
            seconds++;
            nanoseconds = NANO - nanoseconds;
        }
        seconds = -seconds;
    }
    if (nanoseconds == 0)
        (void)snprintf(text, S3_TIME_SIZE, "%s%lld", sign, seconds); /* fits */
    else
        (void)snprintf(text, S3_TIME_SIZE, "%s%lld.%09ld", sign, seconds, nanoseconds);
}

static bool is_type(uint64_t mode)
{
    switch (mode & S_IFMT) {
    case 0:
    case S_IFREG:
    case S_IFDIR:
    case S_IFLNK:
    case S_IFCHR:
    case S_IFBLK:
    case S_IFIFO:
    case S_IFSOCK:
        return true;
    default:
        return false;
    }
}

/* "33188" (s3fs) or "100644", "0100644", "0644" (rclone and others): as a decimal number the octal forms
 * are beyond 16 bits, or of a type that there is not, or begin with a zero. */
bool s3_metadata_parse_mode(const char *text, mode_t *ret_mode)
{
    uint64_t mode;
    bool octal = text[0] == '0' && text[1] != '\0';
    if (!octal && parse_whole(text, 10, 0177777, &mode) && is_type(mode)) {
        *ret_mode = (mode_t)mode;
        return true;
    }
    if (!parse_whole(text, 8, 0177777, &mode) || !is_type(mode))
        return false;
    *ret_mode = (mode_t)mode;
    return true;
}

void s3_metadata_take(struct s3_attributes *attributes, const char *name, const char *value)
{
    uint64_t number;
    if (strcmp(name, "mtime") == 0) {
        struct timespec time;
        if (s3_metadata_parse_time(value, &time)) {
            attributes->has_mtime = true;
            attributes->mtime = time;
        }
    } else if (strcmp(name, "mode") == 0) {
        mode_t mode;
        if (s3_metadata_parse_mode(value, &mode)) {
            attributes->has_mode = true;
            attributes->mode = mode;
        }
    } else if (strcmp(name, "uid") == 0 && parse_whole(value, 10, UINT32_MAX - 1, &number)) {
        attributes->has_uid = true;
        attributes->uid = (uid_t)number;
    } else if (strcmp(name, "gid") == 0 && parse_whole(value, 10, UINT32_MAX - 1, &number)) {
        attributes->has_gid = true;
        attributes->gid = (gid_t)number;
    }
}

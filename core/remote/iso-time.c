/* SPDX-License-Identifier: MIT */
#include "core/remote/iso-time.h"

#include <stdint.h>

/* Takes exactly `count` digits off the front. */
static bool take_digits(const char **text, int count, int *ret_number)
{
    int number = 0;
    for (int i = 0; i < count; i++) {
        char c = (*text)[i];
        if (c < '0' || c > '9')
            return false;
        number = number * 10 + (c - '0');
    }
    *text += count;
    *ret_number = number;
    return true;
}

static bool take_char(const char **text, const char *allowed)
{
    for (; *allowed != '\0'; allowed++)
        if (**text == *allowed) {
            (*text)++;
            return true;
        }
    return false;
}

static int days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static bool take_date(const char **text, struct tm *tm)
{
    int year, month, day;
    if (!take_digits(text, 4, &year) || !take_char(text, "-") || !take_digits(text, 2, &month) ||
        !take_char(text, "-") || !take_digits(text, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return false;
    tm->tm_year = year - 1900;
    tm->tm_mon = month - 1;
    tm->tm_mday = day;
    return true;
}

static bool take_clock(const char **text, struct tm *tm)
{
    return take_digits(text, 2, &tm->tm_hour) && take_char(text, ":") &&
           take_digits(text, 2, &tm->tm_min) && take_char(text, ":") &&
           take_digits(text, 2, &tm->tm_sec) && tm->tm_hour <= 23 && tm->tm_min <= 59 &&
           tm->tm_sec <= 60;
}

static bool take_fraction(const char **text, long *ret_nanoseconds)
{
    long unit = 100000000;
    int digit;
    *ret_nanoseconds = 0;
    if (!take_char(text, ".,"))
        return true;
    if (!take_digits(text, 1, &digit))
        return false;
    do {
        *ret_nanoseconds += digit * unit;
        unit /= 10; /* becomes 0 behind the nanoseconds: what follows is cut */
    } while (take_digits(text, 1, &digit));
    return true;
}

static bool take_zone(const char **text, int *ret_offset_s)
{
    *ret_offset_s = 0;
    if (take_char(text, "Zz"))
        return true;
    int sign = **text == '-' ? -1 : 1, hours, minutes = 0;
    if (!take_char(text, "+-") || !take_digits(text, 2, &hours))
        return false;
    bool colon = take_char(text, ":");
    bool has_minutes = **text != '\0';
    if ((colon || has_minutes) && !take_digits(text, 2, &minutes))
        return false;
    *ret_offset_s = sign * (hours * 3600 + minutes * 60);
    return hours <= 23 && minutes <= 59;
}

bool iso_time_parse(const char *text, struct timespec *ret_time)
{
    struct tm tm = { 0 };
    long nanoseconds;
    int offset_s;
    if (!take_date(&text, &tm) || !take_char(&text, "Tt ") || !take_clock(&text, &tm) ||
        !take_fraction(&text, &nanoseconds) || !take_zone(&text, &offset_s) || *text != '\0')
        return false;
    ret_time->tv_sec = timegm(&tm) - offset_s; /* any four-digit year fits */
    ret_time->tv_nsec = nanoseconds;
    return true;
}

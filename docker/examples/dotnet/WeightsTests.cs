// SPDX-License-Identifier: Apache-2.0
using System.Net;
using System.Text.Json;
using Xunit;

/// <summary>A vendor's suite: dotnet test. Each test has a citizen of its own.
/// </summary>
public class WeightsTests(Kanta kanta) : IClassFixture<Kanta>
{
    private const string Profile =
        "http://phr.kanta.fi/StructureDefinition/fiphr-sd-bodyweight";
    private const string Category =
        "http://terminology.hl7.org/CodeSystem/observation-category";

    private static object Weight(Kanta.Citizen citizen, decimal kilograms,
        string unit = "kg")
    {
        var subject = new { reference = $"Patient/{citizen.Id}" };
        var now = DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ");
        return new
        {
            resourceType = "Observation", status = "final", language = "fi",
            meta = new { profile = new[] { Profile } },
            text = new { status = "generated", div =
                "<div xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"fi\" "
                + $"xml:lang=\"fi\">Paino: {kilograms} kg</div>" },
            identifier = new[] { new { system = "urn:ietf:rfc:3986",
                value = $"urn:uuid:{Guid.NewGuid()}" } },
            category = new[] { new { coding = new[] {
                new { system = Category, code = "vital-signs" } } } },
            code = new { coding = new[] { new { system = "http://loinc.org",
                code = "29463-7", display = "Paino" } } },
            subject, performer = new[] { subject },
            effectiveDateTime = now, issued = now,
            valueQuantity = new { value = kilograms, unit, code = "kg",
                system = "http://unitsofmeasure.org" },
        };
    }

    /// <summary>In place of your application: stores, and is patient twice.
    /// </summary>
    private async Task<HttpResponseMessage> StoreAsync(Kanta.Citizen citizen,
        object weight, int tries = 3)
    {
        var answer = await Kanta.AskAsync(HttpMethod.Post,
            kanta.R4 + "/Observation", citizen.Token, weight);
        if (answer.StatusCode != HttpStatusCode.ServiceUnavailable || tries == 1)
            return answer;
        await Task.Delay(answer.Headers.RetryAfter?.Delta
            ?? TimeSpan.FromSeconds(1));
        return await StoreAsync(citizen, weight, tries - 1);
    }

    private Task<HttpResponseMessage> SearchAsync(Kanta.Citizen whose,
        string token) => Kanta.AskAsync(HttpMethod.Get,
            $"{kanta.R4}/Observation?patient={whose.Id}&code=29463-7", token);

    [Fact]
    public async Task StoredAndFoundAgain()
    {
        var citizen = await kanta.CitizenAsync();
        var stored = await StoreAsync(citizen, Weight(citizen, 72.40m));
        Assert.Equal(HttpStatusCode.Created, stored.StatusCode);
        var found = await SearchAsync(citizen, citizen.Token);
        var text = await found.Content.ReadAsStringAsync();
        Assert.Equal(1, JsonDocument.Parse(text).RootElement
            .GetProperty("total").GetInt32());
        Assert.Contains("72.40", text);
    }

    [Fact]
    public async Task RefusedWithTheReason()
    {
        var citizen = await kanta.CitizenAsync();
        var answer = await StoreAsync(citizen, Weight(citizen, 72.4m, "g"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        var outcome = JsonDocument.Parse(
            await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Contains("'g' but must be 'kg'", outcome.GetProperty("issue")[0]
            .GetProperty("diagnostics").GetString());
    }

    [Fact]
    public async Task NobodyElsesBusiness()
    {
        var (one, other) = (await kanta.CitizenAsync(),
            await kanta.CitizenAsync());
        var answer = await SearchAsync(one, other.Token);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task ItComesThroughWhenTheServiceIsBusy()
    {
        var citizen = await kanta.CitizenAsync();
        var match = new { hetu = citizen.Hetu, method = "POST" };
        await kanta.AdminAsync("/faults", new { match, times = 2,
            action = new { status = 503, retry_after = 0 } });
        var answer = await StoreAsync(citizen, Weight(citizen, 72.4m));
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var count = await kanta.AdminAsync("/requests/count", new { match });
        Assert.Equal(3, count.GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task ANewTokenIsNeededWhenTheHourIsOver()
    {
        var citizen = await kanta.CitizenAsync();
        await kanta.AdminAsync("/tokens/expire", new { hetu = citizen.Hetu });
        var answer = await SearchAsync(citizen, citizen.Token);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task TheCitizenWithdrawsThePermission()
    {
        var citizen = await kanta.CitizenAsync();
        await kanta.AdminAsync("/permissions/withdraw",
            new { client_id = "demo-app", hetu = citizen.Hetu });
        var answer = await StoreAsync(citizen, Weight(citizen, 72.4m));
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }
}

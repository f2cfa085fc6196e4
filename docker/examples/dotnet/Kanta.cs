// SPDX-License-Identifier: Apache-2.0
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;
using Xunit;

/// <summary>Kanta's stand-in for a test suite: a container, or one that runs
/// already, when KANTA_URL names it (a service container of CI).</summary>
public sealed class Kanta : IAsyncLifetime
{
    private static readonly HttpClient Http = new();
    private IContainer? container;
    private string url = "";

    /// <summary>The addresses that an application is configured with.</summary>
    public string R4 => url + "/phr-resourceserver/baseR4";
    public string Auth => url + "/phr-authserver-sandbox";

    public async Task InitializeAsync()
    {
        url = Environment.GetEnvironmentVariable("KANTA_URL")
            ?? await StartAsync();
    }

    private async Task<string> StartAsync()
    {
        var image = Environment.GetEnvironmentVariable("KANTA_IMAGE")
            ?? "mock-kanta-phr:0.1.0";
        container = new ContainerBuilder()
            .WithImage(image)
            .WithPortBinding(8080, true)
            .WithWaitStrategy(Wait.ForUnixContainer()
                .UntilHttpRequestIsSucceeded(request => request
                    .ForPort(8080).ForPath("/__admin/health")))
            .Build();
        await container.StartAsync();
        return $"http://{container.Hostname}:"
            + container.GetMappedPublicPort(8080);
    }

    public async Task DisposeAsync()
    {
        if (container is not null)
            await container.DisposeAsync();
    }

    public record Citizen(string Hetu, string Id, string Token);

    /// <summary>A citizen of the test's own, who permits the application; no
    /// pages.</summary>
    public async Task<Citizen> CitizenAsync()
    {
        var made = await AdminAsync("/citizens", new { });
        var hetu = Text(made, "hetu");
        var tokens = await AdminAsync("/tokens",
            new { client_id = "demo-app", hetu });
        return new Citizen(hetu, Text(made, "patient_id"),
            Text(tokens, "access_token"));
    }

    /// <summary>A call of the control API; its answer.</summary>
    public async Task<JsonElement> AdminAsync(string path, object body)
    {
        using var answer = await Http.PostAsJsonAsync(url + "/__admin" + path,
            body);
        var text = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"{path}: {text}");
        return JsonSerializer.Deserialize<JsonElement>(
            text.Length > 0 ? text : "null");
    }

    public static async Task<HttpResponseMessage> AskAsync(HttpMethod method,
        string address, string token, object? body = null)
    {
        using var request = new HttpRequestMessage(method, address);
        request.Headers.Authorization =
            new AuthenticationHeaderValue("Bearer", token);
        if (body is not null)
            request.Content = JsonContent.Create(body);
        return await Http.SendAsync(request);
    }

    private static string Text(JsonElement from, string name) =>
        from.GetProperty(name).GetString()!;
}
